/** The data folder: the database, for `dev` the master key, the server's lock and where it was reached last. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { parseMasterKey, type MasterKey } from '../core/secrets/master-key.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { DATABASE_FILE } from '../storage/sqlite.ts'
import { StorageError } from '../storage/storage-error.ts'
import { ConfigError } from './config.ts'
import type { Config } from './settings.ts'

export const MASTER_KEY_FILE = 'master.key'
const ADDRESS_FILE = 'server.json'
export const LOCK_FILE = 'server.lock'

export function makeDataFolder(folder: string): void {
  if (folder === '') return
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    const why = existsSync(folder) ? 'there is a file of that name' : reasonOf(error)
    throw new StorageError(`The data folder ${folder} cannot be made: ${why}.`, { cause: error })
  }
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new StorageError(
      `The data folder ${resolve(folder)} cannot be written by this user (uid ${process.getuid?.()}). Change its owner, or use another with --data.`,
      { cause: error },
    )
  }
}

const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === 'EACCES'
    ? 'permission denied'
    : String((error as NodeJS.ErrnoException).code)

/** @throws {StorageError} if there is no database in it, or this user cannot see */
export function requireDatabase(folder: string): void {
  try {
    accessSync(join(folder, DATABASE_FILE), constants.R_OK | constants.W_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new StorageError(
        `The data folder ${resolve(folder)} cannot be used by this user (uid ${process.getuid?.()}). Run the command as the user that runs the server.`,
        { cause: error },
      )
    }
    throw new StorageError(
      `There is no Mintmark database in ${resolve(folder)}. If a server uses another folder, name it with --data; otherwise start one with "mintmark dev" or "mintmark serve".`,
    )
  }
}

/**
 * Makes the folder and takes it for this server, if it uses one: with PostgreSQL it need not.
 *
 * @throws {StorageError} if another server has it, or it cannot be written
 */
export function takeDataFolder(folder: string): { release(): void } {
  if (folder === '') return { release: () => {} }
  makeDataFolder(folder)
  return lockDataFolder(folder)
}

/**
 * Lets one server use the folder at a time. The lock is an open transaction on a database of its own, so
 * the operating system lets go of it however the process ends.
 *
 * @throws {StorageError} if another server has it, or the folder cannot be written
 */
export function lockDataFolder(folder: string): { release(): void } {
  const lock = new DatabaseSync(join(folder, LOCK_FILE), { timeout: LOOKING_MS })
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    throw new StorageError(
      `Another Mintmark server uses the data folder ${resolve(folder)}. Stop it, or use another with --data.`,
      {
        cause: error,
      },
    )
  }
  try {
    // Whoever sees the lock must not find the address of the time before.
    forgetLocalUrl(folder)
  } catch (error) {
    lock.close()
    throw error
  }
  return { release: () => lock.close() }
}

/** Whoever only looks at the lock has it for less, and a server that starts waits for it. */
const LOOKING_MS = 200

/** Whether a server uses the folder now. */
export function isInUse(folder: string): boolean {
  if (!existsSync(join(folder, LOCK_FILE))) return false
  const lock = new DatabaseSync(join(folder, LOCK_FILE), { readOnly: true, timeout: 0 })
  try {
    lock.prepare('select count(*) from sqlite_schema').get()
    return false
  } catch {
    return true
  } finally {
    lock.close()
  }
}

/** @throws {ConfigError} if there is none, or it is not a master key */
export function readMasterKeys(config: Config): {
  readonly current: MasterKey
  readonly previous: readonly MasterKey[]
} {
  return {
    current: toMasterKey(config.masterKey ?? readKeyFile(config), 'The master key'),
    previous: config.previousMasterKeys.map((text) => toMasterKey(text, 'A previous master key')),
  }
}

function readKeyFile({ masterKeyFile, data }: Config): string {
  const ownFile = join(data, MASTER_KEY_FILE)
  const file = masterKeyFile ?? (data !== '' && existsSync(ownFile) ? ownFile : null)
  if (file === null) {
    throw new ConfigError(
      existsSync(join(data, DATABASE_FILE))
        ? 'This database needs the master key it was made with: give it by --master-key-file, MINTMARK_MASTER_KEY_FILE or MINTMARK_MASTER_KEY.'
        : 'There is no master key: make one with "openssl rand -hex 32 > master.key", keep it as safe as the tokens, and give it by --master-key-file, MINTMARK_MASTER_KEY_FILE or MINTMARK_MASTER_KEY.',
    )
  }
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ConfigError(`The master key file ${file} cannot be read.`)
  }
}

function toMasterKey(text: string, what: string): MasterKey {
  const key = parseMasterKey(text)
  if (key === null) throw new ConfigError(`${what} must be 32 bytes in hex or base64.`)
  return key
}

/** Makes a master key on the first start of `dev`, readable by its owner only. */
export function ensureMasterKeyFile(folder: string): void {
  const file = join(folder, MASTER_KEY_FILE)
  if (existsSync(file)) return
  if (existsSync(join(folder, DATABASE_FILE))) {
    throw new ConfigError(
      `${file} is gone, but the database beside it needs it: put it back, or give the key by MINTMARK_MASTER_KEY.`,
    )
  }
  writeFileSync(file, `${newMasterKey()}\n`, { mode: 0o600, flag: 'wx' })
}

export const newMasterKey = (): string => Buffer.from(systemRandom.bytes(32)).toString('hex')

const ADDRESS = z.object({
  url: z.string(),
  localUrl: z.string().nullable().default(null),
  frontendUrl: z.string().nullable().default(null),
})

export interface Address {
  /** By which clients reach the server, or did when it ran last. */
  readonly url: string
  /** By which it is reached on this machine; `null` unless it listens there now. */
  readonly localUrl: string | null
  /** By which browsers reach the frontend; `null` if there is none, or instances have origins of their own. */
  readonly frontendUrl: string | null
}

/** Keeps where the server is reached, for `mintmark env` and the commands that call it. */
export function writeAddress(folder: string, address: Address): void {
  if (folder === '') return
  const file = join(folder, ADDRESS_FILE)
  // In one step: a command may be reading it.
  writeFileSync(`${file}.new`, `${JSON.stringify(address)}\n`)
  renameSync(`${file}.new`, file)
}

/**
 * Takes back where the server listens: somebody else may have that port next, and would be sent a key.
 * What clients call it stays, for `mintmark env` beside a server that is stopped.
 *
 * @throws {StorageError} if the file cannot be written
 */
function forgetLocalUrl(folder: string): void {
  const address = readAddress(folder)
  if (address === null) return
  try {
    writeAddress(folder, { ...address, localUrl: null })
  } catch (error) {
    throw new StorageError(`${resolve(folder, ADDRESS_FILE)} cannot be written: ${reasonOf(error)}.`, {
      cause: error,
    })
  }
}

/** For the end of a server. The next start does it too, so a disk that failed is no reason not to stop as a server should. */
export function forgetLocalUrlIfPossible(folder: string): void {
  try {
    forgetLocalUrl(folder)
  } catch {
    // Without the lock nobody looks at it.
  }
}

/** @returns `null` if no server of this folder was ever ready */
export function readAddress(folder: string): Address | null {
  if (folder === '') return null
  try {
    const address = ADDRESS.safeParse(JSON.parse(readFileSync(join(folder, ADDRESS_FILE), 'utf8')))
    return address.success ? address.data : null
  } catch {
    return null
  }
}
