/**
 * Looks for every secret of a run, whole and cut, wherever it must not be: in logs, in error answers, in
 * metrics, in the database files, in what commands print about it all.
 */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServe } from '../cli/serve-process.ts'
import {
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'
import { misuse } from './misuse.ts'
import { KEPT_NAME, runOperations } from './operations.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { createCanaries, type Canaries } from './secrets.ts'

const FLAGS = ['--log-level', 'debug', '--metrics-port', '0']

/** `dev` logs text and keeps its own master key; `serve` logs JSON and is given it. */
const COMMANDS = [
  { command: 'dev', start: (data: string) => startDev({ data, flags: FLAGS }) },
  { command: 'serve', start: startServeOnDevFolder },
]

describe.each(COMMANDS)('$command', ({ start }) => {
  const data = temporaryFolder()
  let server: ServerProcess
  let recorder: Recorder
  let canaries: Canaries
  let log = ''
  let metrics = ''
  const files: { name: string; bytes: Buffer }[] = []
  const printed: string[] = []

  beforeAll(async () => {
    server = await start(data)
    // What was printed until here are the keys, on purpose.
    server.child.stdout!.on('data', (text: string) => (log += text))
    canaries = createCanaries(readFileSync(join(data, 'master.key'), 'utf8').trim())
    recorder = createRecorder(server.url)
    const known = await runOperations({ recorder, canaries, env: server.env })
    await createSecondInstance()
    await rotateKeyOfSecondInstance()
    for (const [name, secret] of canaries.secrets) await misuse(recorder, known, name, secret)
    await withoutTable('m2m_tokens', async () => {
      for (const [name, secret] of canaries.secrets) await misuse(recorder, known, `broken: ${name}`, secret)
    })
    metrics = await (await fetch(server.metricsUrl!)).text()
    readFiles()
    printed.push(await runCommands())
    // Its log has ended only when its pipes have.
    const closed = once(server.child, 'close')
    await server.stop()
    await closed
    readFiles()
    log += server.log()
  }, 300_000)

  afterAll(async () => {
    recorder.close()
    await server.stop()
    removeFolder(data)
  })

  it('meets each way in which a request can be wrong', () => {
    const seen = new Set(recorder.shown.map(({ status }) => status))
    expect([...seen].sort()).toEqual([200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 422, 503])
  })

  it('shows no secret in the answer to a request that it refuses', () => {
    const leaks = recorder.shown.flatMap(({ label, status, text }) =>
      canaries.findIn(text).map((name) => `${name}; ${label}: ${status}`),
    )
    expect(leaks).toEqual([])
  })

  it('writes no secret into its log, whatever it is asked', () => {
    expect(log).toContain('m2mTokens.verify')
    expect(log).toContain('503')
    expect(log).toContain('no such table')
    expect(canaries.findIn(log)).toEqual([])
  })

  it('has no secret in its metrics', () => {
    expect(metrics).toContain('mintmark_requests_total')
    expect(canaries.findIn(metrics)).toEqual([])
  })

  it('keeps no secret in the files of the data folder, running or stopped', () => {
    const names = files.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['mintmark.db', 'mintmark.db-wal', 'mintmark.db-shm']))
    expect(files.some(({ bytes }) => bytes.includes(KEPT_NAME))).toBe(true)
    const leaks = files.flatMap(({ name, bytes }) => canaries.findIn(bytes).map((leak) => `${name}: ${leak}`))
    expect(leaks).toEqual([])
  })

  it('prints no secret in its audit log, its instances or its configuration', () => {
    expect(printed[0]).toContain('m2m_token.revoke')
    expect(printed.flatMap((text) => canaries.findIn(text))).toEqual([])
  })

  it('would be caught: a secret that is cut at both ends is found', () => {
    for (const [name, secret] of canaries.secrets) {
      expect(canaries.findIn(`a line with ${secret.slice(3, -3)} in it`)).toContain(`${name}, middle 40`)
    }
  })

  async function createSecondInstance(): Promise<void> {
    const { code, stdout } = await runCli([
      'instances',
      'create',
      '--data',
      data,
      '--name',
      'second',
      '--json',
      '--frontend-origin',
      'https://clerk.second.example',
    ])
    expect(code).toBe(0)
    canaries.add('key of another instance', JSON.parse(stdout).secretKey)
  }

  async function rotateKeyOfSecondInstance(): Promise<void> {
    const args = ['instances', 'rotate-key', '--data', data, '--instance', 'second', '--json']
    const { code, stdout } = await runCli(args)
    expect(code).toBe(0)
    canaries.add('key of another instance after rotation', JSON.parse(stdout).secretKey)
  }

  /** What a server says when its database is not as it should be, which nobody foresaw in detail. */
  async function withoutTable(table: string, work: () => Promise<void>): Promise<void> {
    const database = new DatabaseSync(join(data, 'mintmark.db'), { timeout: 10_000 })
    database.exec(`alter table ${table} rename to away`)
    await work()
    database.exec(`alter table away rename to ${table}`)
    database.close()
  }

  function readFiles(): void {
    for (const name of readdirSync(data)) {
      if (name !== 'master.key') files.push({ name, bytes: readFileSync(join(data, name)) })
    }
  }

  async function runCommands(): Promise<string> {
    const runs = [
      ['audit', 'tail', '-n', '1000000', '--data', data],
      ['audit', 'tail', '-n', '1000000', '--data', data, '--json'],
      ['instances', 'list', '--data', data, '--json'],
      ['config', 'check', '--data', data, '--json'],
      ['migrate', '--dry-run', '--data', data, '--json'],
    ].map(async (args) => {
      const { code, stdout, stderr } = await runCli(args)
      expect(code, stderr).toBe(0)
      return stdout + stderr
    })
    return (await Promise.all(runs)).join('')
  }
})

async function startServeOnDevFolder(data: string): Promise<ServerProcess> {
  const dev = await startDev({ data })
  await dev.stop()
  const masterKey = readFileSync(join(data, 'master.key'), 'utf8').trim()
  const server = await startServe({ data, flags: FLAGS, environment: { MINTMARK_MASTER_KEY: masterKey } })
  return { ...server, env: dev.env }
}
