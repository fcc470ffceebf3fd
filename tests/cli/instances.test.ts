import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startDev()
  await create('--name', 'taken', '--frontend-origin', 'https://clerk.taken.example')
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

let made = 0

/** Each gets an origin of its own unless it is given one. */
function create(...flags: readonly string[]) {
  const origin = flags.includes('--frontend-origin')
    ? []
    : ['--frontend-origin', `https://clerk.made-${++made}.example`]
  return runCli(['instances', 'create', '--data', server.data, ...origin, ...flags])
}

const machinesOf = (key: string) =>
  fetch(`${server.url}/v1/machines`, { headers: { authorization: `Bearer ${key}` } })

describe('mintmark instances create', () => {
  it('makes an instance whose key the running server takes at once', async () => {
    const { code, stdout, stderr } = await create('--name', 'at once', '--json')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const { secretKey } = JSON.parse(stdout)
    const response = await machinesOf(secretKey)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ data: [], total_count: 0 })
  })

  it('makes one that signs with keys of its own, which the running server publishes', async () => {
    const origin = 'https://clerk.signing.example'
    const { stdout } = await create('--name', 'signing', '--json', '--frontend-origin', origin)
    const { id, secretKey } = JSON.parse(stdout)
    const issued = await fetch(`${server.url}/v1/machine_tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ machine_id: 'mch_any' }),
    })
    const { jwt } = (await issued.json()) as { jwt: string }
    const header = JSON.parse(Buffer.from(jwt.split('.')[0]!, 'base64url').toString())
    expect(header.kid).toBe(id)
    await vi.waitFor(async () => expect(await publishedKids('clerk.signing.example')).toContain(id), {
      timeout: 20_000,
      interval: 100,
    })
  })

  it('walls it off: the key of one does not see the machines of another', async () => {
    const { stdout } = await create('--name', 'walled', '--json')
    const path = `${server.url}/v1/machines/${server.env.MINTMARK_API_MACHINE_ID}`
    const own = await fetch(path, { headers: { authorization: `Bearer ${server.env.CLERK_SECRET_KEY}` } })
    expect(own.status).toBe(200)
    const other = await fetch(path, { headers: { authorization: `Bearer ${JSON.parse(stdout).secretKey}` } })
    expect(other.status).toBe(404)
  })

  it('prints keys that say their environment', async () => {
    const live = JSON.parse((await create('--name', 'one that is live', '--json')).stdout)
    expect(live).toMatchObject({ name: 'one that is live', environment: 'live' })
    expect(live.secretKey).toMatch(/^sk_live_[0-9A-Za-z]{51}$/)
    expect(live.publishableKey).toMatch(/^pk_live_/)
    const test = JSON.parse(
      (await create('--name', 'one for tests', '--environment', 'test', '--json')).stdout,
    )
    expect(test.secretKey).toMatch(/^sk_test_[0-9A-Za-z]{51}$/)
    expect(test.publishableKey).toMatch(/^pk_test_/)
  })

  it('prints lines to people', async () => {
    const { stdout } = await create('--name', 'for people')
    expect(stdout).toMatch(
      /^Instance         ins_\w{27}\nSecret key       sk_live_\w{51}\nPublishable key  pk_live_\S+\n$/,
    )
  })

  it.each([
    ['a name that is taken', ['--name', 'taken'], /^There is an instance of that name already\.$/],
    [
      'an origin that is taken',
      ['--name', 'new', '--frontend-origin', 'https://clerk.taken.example'],
      /^Another instance has that frontend origin/,
    ],
  ])('refuses %s with one sentence and 1, and makes nothing', async (_what, flags, sentence) => {
    const before = await list()
    const { code, stdout, stderr } = await create(...flags)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+\n$/)
    expect(stderr.slice('mintmark: '.length, -1)).toMatch(sentence)
    expect(await list()).toEqual(before)
  })

  it.each([
    [
      'an origin with a path',
      ['--name', 'new', '--frontend-origin', 'https://clerk.example/a'],
      /must be an origin/,
    ],
    [
      'an origin that is no URL',
      ['--name', 'new', '--frontend-origin', 'clerk.example'],
      /must be an origin/,
    ],
    ['an empty name', ['--name', ''], /'--name <NAME>'.* 1 to 255 characters/],
    ['a name of control characters', ['--name', 'a\u001b[31mb\n'], /'a\\u001b\[31mb/],
  ])('refuses %s with 2, and makes nothing', async (_what, flags, sentence) => {
    const before = await list()
    const { code, stdout, stderr } = await create(...flags)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mintmark: /)
    expect(stderr).toMatch(sentence)
    expect(await list()).toEqual(before)
  })

  it('refuses a call that is wrong with 2', async () => {
    expect((await create()).code).toBe(2)
    expect((await create('--name', 'new', '--environment', 'staging')).code).toBe(2)
  })

  it('says what is missing where there is no database, and makes none', async () => {
    const empty = temporaryFolder()
    const { code, stderr } = await runCli(['instances', 'create', '--name', 'new', '--data', empty])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: There is no Mintmark database in /)
    removeFolder(empty)
  })
})

describe('mintmark instances list', () => {
  it('lists every instance, the oldest first', async () => {
    const { stdout } = await create('--name', 'the newest', '--json')
    const all = await list()
    expect(all[0]).toMatchObject({ name: 'dev', environment: 'test', id: server.env.MINTMARK_INSTANCE_ID })
    expect(all.at(-1)).toMatchObject({ id: JSON.parse(stdout).id, name: 'the newest' })
  })

  it('prints a table to people, and no key', async () => {
    const { code, stdout } = await runCli(['instances', 'list', '--data', server.data])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ID +NAME +ENVIRONMENT +FRONTEND ORIGIN +CREATED\n/)
    expect(stdout).toMatch(
      new RegExp(
        `^${server.env.MINTMARK_INSTANCE_ID} +dev +test +\\(the server\\) +\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`,
        'm',
      ),
    )
    expect(stdout).not.toMatch(/sk_(?:test|live)_/)
  })
})

async function list(): Promise<{ id: string; name: string }[]> {
  const { code, stdout } = await runCli(['instances', 'list', '--json', '--data', server.data])
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

/** By `node:http`, because `fetch` does not let the host be chosen. */
async function publishedKids(host: string): Promise<string[]> {
  const asked = get(`${server.url}/.well-known/jwks.json`, { headers: { host } })
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const { keys = [] } = JSON.parse(Buffer.concat(await response.toArray()).toString())
  return keys.map(({ kid }: { kid: string }) => kid)
}
