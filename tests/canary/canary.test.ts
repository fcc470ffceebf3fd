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
import { misuseFrontend } from './misuse-frontend.ts'
import { misuse } from './misuse.ts'
import { KEPT_NAME, runOperations, type Known } from './operations.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { createCanaries, type Canaries } from './secrets.ts'
import { runSignIns } from './sign-ins.ts'

const FLAGS = ['--log-level', 'debug', '--metrics-port', '0', '--sign-in-limit', '0']
const SECOND = 'https://clerk.second.example'

/** `dev` logs text and keeps its own master key; `serve` logs JSON and is given it. */
const COMMANDS = [
  { command: 'dev', start: (data: string) => startDev({ data, flags: [...FLAGS, '--frontend-port', '0'] }) },
  { command: 'serve', start: startServeOnDevFolder },
]

describe.each(COMMANDS)('$command', ({ start }) => {
  const data = temporaryFolder()
  let server: ServerProcess
  let recorder: Recorder
  let frontend: Recorder
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
    frontend = createRecorder(server.frontendUrl!)
    const known = await runOperations({ recorder, canaries, env: server.env })
    await signIn(server.frontendUrl!, known.instanceKey, 'the first instance')
    await createSecondInstance()
    await signIn(SECOND, await rotateKeyOfSecondInstance(), 'the second instance')
    for (const [name, secret] of canaries.secrets) await misuseEverywhere(known, name, secret)
    await withoutTable('m2m_tokens', async () => {
      for (const [name, secret] of canaries.secrets) await misuse(recorder, known, `broken: ${name}`, secret)
    })
    await withoutTable('browsers', async () => {
      for (const [name, secret] of canaries.secrets) await misuseAtFrontend(`broken: ${name}`, secret)
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
    frontend.close()
    await server.stop()
    removeFolder(data)
  })

  it('meets each way in which a request can be wrong', () => {
    const seen = new Set(recorder.shown.map(({ status }) => status))
    expect([...seen].sort()).toEqual([200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 422, 503])
  })

  it('meets each way in which a request of a browser can be wrong', () => {
    const seen = new Set(frontend.shown.map(({ status }) => status))
    expect([...seen].sort()).toEqual([200, 303, 400, 401, 403, 404, 405, 415, 422, 503])
    const kinds = ['ticket', 'browser cookie', 'refresh cookie', 'JWT after']
    for (const kind of kinds) expect([...canaries.secrets.keys()].join()).toContain(kind)
  })

  it('shows no secret in the answer to a request that it refuses', () => {
    const leaks = [...recorder.shown, ...frontend.shown].flatMap(({ label, status, text }) =>
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
    for (const action of ['m2m_token.revoke', 'actor_token.redeem', 'session.refresh']) {
      expect(printed[0]).toContain(action)
    }
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
      '--environment',
      'live',
      '--frontend-origin',
      SECOND,
    ])
    expect(code).toBe(0)
    canaries.add('key of another instance', JSON.parse(stdout).secretKey)
  }

  const signIn = (origin: string, instanceKey: string, name: string) =>
    runSignIns({ recorder, frontend, canaries, origin, instanceKey, name })

  const misuseAtFrontend = (name: string, secret: string) =>
    misuseFrontend(frontend, server.frontendUrl!, name, secret)

  async function misuseEverywhere(known: Known, name: string, secret: string): Promise<void> {
    await misuse(recorder, known, name, secret)
    await misuseAtFrontend(name, secret)
  }

  async function rotateKeyOfSecondInstance(): Promise<string> {
    const args = ['instances', 'rotate-key', '--yes', '--data', data, '--instance', 'second', '--json']
    const { code, stdout } = await runCli(args)
    expect(code).toBe(0)
    const { secretKey } = JSON.parse(stdout)
    canaries.add('key of another instance after rotation', secretKey)
    return secretKey
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

/** With its certificate too, at the port that its frontend had. */
async function startServeOnDevFolder(data: string): Promise<ServerProcess> {
  const dev = await startDev({ data, flags: ['--frontend-port', '0'] })
  await dev.stop()
  const masterKey = readFileSync(join(data, 'master.key'), 'utf8').trim()
  const frontendUrl = dev.frontendUrl!
  const flags = {
    'frontend-port': new URL(frontendUrl).port,
    'frontend-url': frontendUrl,
    'frontend-certificate': join(data, 'frontend.crt'),
    'frontend-key': join(data, 'frontend.key'),
  }
  const server = await startServe({
    data,
    flags: [...FLAGS, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])],
    environment: { MINTMARK_MASTER_KEY: masterKey },
  })
  return { ...server, frontendUrl, env: dev.env }
}
