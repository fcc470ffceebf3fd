import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DATABASE_FILE } from '../storage/sqlite.ts'
import { StorageError } from '../storage/storage-error.ts'
import { ConfigError, readConfig } from './config.ts'
import {
  ensureMasterKeyFile,
  isInUse,
  lockDataFolder,
  makeDataFolder,
  MASTER_KEY_FILE,
  newMasterKey,
  readAddress,
  readMasterKeys,
  requireDatabase,
  writeAddress,
} from './data-folder.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

const config = (environment: Record<string, string> = {}) =>
  readConfig({ flags: { data: folder }, environment, file: null })

const isOpenToOthers = (path: string) => (statSync(path).mode & 0o077) !== 0

describe('the lock of a data folder', () => {
  // Row 12: two servers on one database would each be sure of what only the other knows.
  it('lets one server in at a time', () => {
    const lock = lockDataFolder(folder)
    expect(() => lockDataFolder(folder)).toThrow(StorageError)
    expect(() => lockDataFolder(folder)).toThrow(/Another Mintmark server uses the data folder/)
    lock.release()
    lockDataFolder(folder).release()
  })

  it('tells who asks whether a server has it, and lets the next server in afterwards', () => {
    expect(isInUse(folder)).toBe(false)
    const lock = lockDataFolder(folder)
    expect(isInUse(folder)).toBe(true)
    lock.release()
    expect(isInUse(folder)).toBe(false)
    lockDataFolder(folder).release()
  })

  it('of one folder says nothing of another', () => {
    const other = join(folder, 'other')
    makeDataFolder(other)
    const lock = lockDataFolder(folder)
    expect(() => lockDataFolder(other).release()).not.toThrow()
    lock.release()
  })
})

describe('the data folder', () => {
  it('is made with those above it, for its owner only', () => {
    const inner = join(folder, 'a', 'b')
    makeDataFolder(inner)
    makeDataFolder(inner)
    expect(isOpenToOthers(inner)).toBe(false)
  })

  it('is refused where a file is in its place', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => makeDataFolder(join(folder, 'file'))).toThrow(StorageError)
  })

  it('is refused without a database where one is needed', () => {
    expect(() => requireDatabase(folder)).toThrow(/There is no Mintmark database/)
    writeFileSync(join(folder, DATABASE_FILE), '')
    expect(() => requireDatabase(folder)).not.toThrow()
  })

  it('tells where the server was reached last, or nothing', () => {
    expect(readAddress(folder)).toBeNull()
    const address = {
      url: 'https://tokens.example.com',
      localUrl: 'http://127.0.0.1:4100',
      frontendUrl: null,
    }
    writeAddress(folder, address)
    expect(readAddress(folder)).toEqual(address)
    writeFileSync(join(folder, 'server.json'), '{"url":"http://127.0.0.1:4200"}')
    expect(readAddress(folder)).toEqual({ url: 'http://127.0.0.1:4200', localUrl: null, frontendUrl: null })
    for (const text of ['', '{', '{"url":1}', 'null', '{"url":"http://a","localUrl":1}']) {
      writeFileSync(join(folder, 'server.json'), text)
      expect(readAddress(folder)).toBeNull()
    }
  })
})

describe('the address of a server that moved', () => {
  // The port may be another program's by now, which would be sent the key of the instance.
  it('is forgotten as soon as the next server has the lock, but for what clients call it', () => {
    writeAddress(folder, {
      url: 'https://tokens.example.com',
      localUrl: 'http://127.0.0.1:4799',
      frontendUrl: null,
    })
    const lock = lockDataFolder(folder)
    expect(readAddress(folder)).toEqual({
      url: 'https://tokens.example.com',
      localUrl: null,
      frontendUrl: null,
    })
    lock.release()
  })

  it('keeps the next server out, unlocked, where it cannot be forgotten', () => {
    const url = 'http://127.0.0.1:4799'
    writeAddress(folder, { url, localUrl: url, frontendUrl: null })
    // In the way of what is written, also of root.
    mkdirSync(join(folder, 'server.json.new'))
    expect(() => lockDataFolder(folder)).toThrow(/server\.json cannot be written/)
    expect(isInUse(folder)).toBe(false)
  })
})

describe('the master key of a data folder', () => {
  const file = () => join(folder, MASTER_KEY_FILE)

  it('is made once, readable by its owner only', () => {
    ensureMasterKeyFile(folder)
    const made = readFileSync(file(), 'utf8')
    expect(made).toMatch(/^[0-9a-f]{64}\n$/)
    expect(isOpenToOthers(file())).toBe(false)
    ensureMasterKeyFile(folder)
    expect(readFileSync(file(), 'utf8')).toBe(made)
  })

  // Stops a lost key from being replaced silently: every secret of the database would be dead.
  it('is not made anew beside a database that was made with another', () => {
    writeFileSync(join(folder, DATABASE_FILE), '')
    expect(() => ensureMasterKeyFile(folder)).toThrow(ConfigError)
    expect(existsSync(file())).toBe(false)
  })

  it('is another each time', () => {
    expect(new Set(Array.from({ length: 100 }, newMasterKey)).size).toBe(100)
  })
})

describe('reading the master keys', () => {
  const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string]
  const bytes = (hex: string) => Buffer.from(hex, 'hex')

  it('takes the variable, else the file that is named, else the one in the folder', () => {
    const named = join(folder, 'named.key')
    writeFileSync(named, `${second}\n`)
    writeFileSync(join(folder, MASTER_KEY_FILE), third)
    const currents = [
      { MINTMARK_MASTER_KEY: first, MINTMARK_MASTER_KEY_FILE: named },
      { MINTMARK_MASTER_KEY_FILE: named },
      {},
    ].map((environment) => readMasterKeys(config(environment)).current)
    expect(currents).toEqual([bytes(first), bytes(second), bytes(third)])
  })

  it('takes those that the current one replaced', () => {
    const { previous } = readMasterKeys(
      config({ MINTMARK_MASTER_KEY: first, MINTMARK_PREVIOUS_MASTER_KEYS: `${second}, ${third}` }),
    )
    expect(previous).toEqual([bytes(second), bytes(third)])
  })

  it.each<readonly [string, Record<string, string>]>([
    ['there is none', {}],
    ['it is not 32 bytes', { MINTMARK_MASTER_KEY: 'CANARY' }],
    [
      'a previous one is not',
      { MINTMARK_MASTER_KEY: first, MINTMARK_PREVIOUS_MASTER_KEYS: `${second},CANARY` },
    ],
    ['its file is not there', { MINTMARK_MASTER_KEY_FILE: '/nowhere/at/all' }],
  ])('is refused where %s, and no key is repeated', (_name, environment) => {
    expect(() => readMasterKeys(config(environment))).toThrow(ConfigError)
    expect(() => readMasterKeys(config(environment))).not.toThrow(/CANARY|2222/)
  })
})
