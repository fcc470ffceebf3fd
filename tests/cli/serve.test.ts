import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder, runCli, temporaryFolder, type ServerProcess } from '../support/server-process.ts'
import { startServe } from './serve-process.ts'

const KEY = createHash('sha256').update('one key').digest()
const OTHER_KEY = createHash('sha256').update('another key').digest()
const HEX = KEY.toString('hex')

let data: string

beforeEach(() => {
  data = temporaryFolder()
})

afterEach(() => removeFolder(data))

const start = (environment: Record<string, string> = { MINTMARK_MASTER_KEY: HEX }, flags: string[] = []) =>
  startServe({ data, flags, environment })

async function createInstance(environment: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await runCli(
    ['instances', 'create', '--json', '--name', 'first', '--data', data],
    environment,
  )
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout).secretKey
}

async function createMachine(url: string, key: string): Promise<Response> {
  return fetch(`${url}/v1/machines`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'a machine' }),
  })
}

describe('mintmark serve', () => {
  it('serves with a master key that is given by a variable, in hex or base64, or by a file', async () => {
    const file = join(data, 'key-of-operator')
    writeFileSync(file, `${KEY.toString('base64')}\n`)
    const first = await start()
    const key = await createInstance({ MINTMARK_MASTER_KEY: HEX })
    expect((await createMachine(first.url, key)).status).toBe(200)
    expect(await first.stop()).toBe(0)

    const others: Record<string, string>[] = [
      { MINTMARK_MASTER_KEY: HEX.toUpperCase() },
      { MINTMARK_MASTER_KEY: KEY.toString('base64url') },
      { MINTMARK_MASTER_KEY_FILE: file },
    ]
    for (const environment of others) {
      const again = await start(environment)
      expect((await createMachine(again.url, key)).status).toBe(200)
      expect(await again.stop()).toBe(0)
    }
    const byFlag = await start({}, ['--master-key-file', file])
    expect((await createMachine(byFlag.url, key)).status).toBe(200)
    expect(await byFlag.stop()).toBe(0)
  })

  it('makes no master key', async () => {
    const server = await start()
    expect(await server.stop()).toBe(0)
    expect(readdirSync(data)).not.toContain('master.key')
  })

  it('keeps what was made under a master key that another replaced, as long as it is given both', async () => {
    const first = await start()
    const key = await createInstance({ MINTMARK_MASTER_KEY: HEX })
    await first.stop()
    const rotated = {
      MINTMARK_MASTER_KEY: OTHER_KEY.toString('hex'),
      MINTMARK_PREVIOUS_MASTER_KEYS: HEX,
    }
    const second = await start(rotated)
    expect((await createMachine(second.url, key)).status).toBe(200)
    expect(await second.stop()).toBe(0)
    const third = await start({ MINTMARK_MASTER_KEY: OTHER_KEY.toString('hex') })
    expect((await createMachine(third.url, key)).status).toBe(401)
    expect(await third.stop()).toBe(0)
  })

  it('prints nothing but its URLs, and those only with --json', async () => {
    const server = await start(undefined, ['--metrics-port', '0'])
    let more = ''
    server.child.stdout!.on('data', (text: string) => (more += text))
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const metrics = await fetch(server.metricsUrl!)
    expect(metrics.status).toBe(200)
    expect(await metrics.text()).toContain('mintmark_requests_total')
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
    expect(await server.stop()).toBe(0)
    expect(more).toBe('')
  })

  it('logs one JSON object a line, with a level, a time and what happened', async () => {
    const first = await start()
    const key = await createInstance({ MINTMARK_MASTER_KEY: HEX })
    await first.stop()
    const server = await start()
    await createMachine(server.url, key)
    await createMachine(server.url, 'sk_test_wrong')
    expect(await server.stop()).toBe(0)

    const events = logOf(server)
    for (const event of events) {
      expect(event).toMatchObject({ level: expect.any(String), time: expect.stringMatching(/^\d{4}-.*Z$/) })
    }
    expect(events.map(({ msg }) => msg)).toEqual(['ready', 'request', 'request', 'stopping', 'stopped'])
    expect(events[0]).toMatchObject({ url: server.url, metricsUrl: null })
    expect(events[1]).toMatchObject({
      operation: 'machines.create',
      method: 'POST',
      status: 200,
      address: '127.0.0.1',
      caller: 'instance',
      traceId: expect.stringMatching(/^[0-9a-f-]{32,}$/),
      durationMs: expect.any(Number),
    })
    expect(events[2]).toMatchObject({ status: 401, errorCode: 'clerk_key_invalid', caller: null })
    expect(events[3]).toMatchObject({ signal: 'SIGTERM' })
  })

  it('logs no more than it is told to', async () => {
    const first = await start()
    await createInstance({ MINTMARK_MASTER_KEY: HEX })
    await first.stop()
    const server = await start(undefined, ['--log-level', 'warn'])
    await fetch(`${server.url}/v1/users`)
    expect(await server.stop()).toBe(0)
    expect(server.log()).toBe('')
  })

  it('says what to do while there is no instance yet', async () => {
    const server = await start()
    expect(await server.stop()).toBe(0)
    expect(server.log()).toContain('mintmark instances create')
  })
})

describe('mintmark serve refuses with one sentence and 1', () => {
  it.each<[string, Record<string, string>, string[], RegExp]>([
    ['to start without a master key', {}, [], /^There is no master key: .*MINTMARK_MASTER_KEY_FILE/],
    [
      'a master key that is none',
      { MINTMARK_MASTER_KEY: 'secret' },
      [],
      /^The master key must be 32 bytes in hex or base64\.$/,
    ],
    [
      'an unknown setting',
      { MINTMARK_MASTER_KEY: HEX, MINTMARK_LOGLEVEL: 'info' },
      [],
      /^Setting MINTMARK_LOGLEVEL in the environment is unknown\. Did you mean MINTMARK_LOG_LEVEL\?$/,
    ],
    [
      'an address that is not of this machine',
      { MINTMARK_MASTER_KEY: HEX },
      ['--host', '192.0.2.1'],
      /^Cannot listen on 192\.0\.2\.1 port 0: EADDRNOTAVAIL\.$/,
    ],
  ])('%s', async (_what, environment, flags, sentence) => {
    const { code, stdout, stderr } = await runCli(
      ['serve', '--port', '0', '--data', data, ...flags],
      environment,
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+\n$/)
    expect(stderr.slice('mintmark: '.length, -1)).toMatch(sentence)
    expect(existsSync(join(data, 'mintmark.db'))).toBe(false)
  })

  it('a master key that is not the one of the database, and leaves that as it is', async () => {
    const first = await start()
    const key = await createInstance({ MINTMARK_MASTER_KEY: HEX })
    await first.stop()
    const { code, stdout, stderr } = await runCli(['serve', '--port', '0', '--data', data], {
      MINTMARK_MASTER_KEY: OTHER_KEY.toString('hex'),
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'mintmark: The master key is not the one this database was made with. If it replaces that one, give the old key in MINTMARK_PREVIOUS_MASTER_KEYS.\n',
    )
    const again = await start()
    expect((await createMachine(again.url, key)).status).toBe(200)
    expect(await again.stop()).toBe(0)
  })

  it('a folder that cannot be made', async () => {
    const file = join(data, 'a-file')
    writeFileSync(file, '')
    const { code, stderr } = await runCli(['serve', '--port', '0', '--data', join(file, 'data')], {
      MINTMARK_MASTER_KEY: HEX,
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: The data folder \S+ cannot be made[^\n]*\.\n$/)
  })

  it('a file that is no database, and leaves it as it is', async () => {
    const file = join(data, 'mintmark.db')
    const text = 'not a database, but something else '.repeat(1_000)
    writeFileSync(file, text)
    const { code, stdout, stderr } = await runCli(['serve', '--port', '0', '--data', data], {
      MINTMARK_MASTER_KEY: HEX,
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+\n$/)
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
})

function logOf(server: ServerProcess): Record<string, unknown>[] {
  return server
    .log()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('a server of one process that is told to hang up', () => {
  // Stops the end of a terminal session, or a reload of all services, from ending it.
  it('goes on, and says why it has done nothing', async () => {
    const server = await start()
    server.child.kill('SIGHUP')
    while (!server.log().includes('SIGHUP')) await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    expect(server.log()).toContain('ignored: there are no workers to replace')
    expect(await server.stop()).toBe(0)
  })
})
