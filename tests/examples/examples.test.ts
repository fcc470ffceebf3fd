/** The programs of `examples/`, as a reader would run them. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { cleanEnvironment, removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
const services: ChildProcess[] = []

beforeAll(async () => {
  server = await startDev()
})
afterAll(async () => {
  for (const service of services) service.kill()
  await server.stop()
  removeFolder(server.data)
})

function start(file: string, args: readonly string[], more: Record<string, string> = {}): ChildProcess {
  const program = fileURLToPath(new URL(`../../examples/${file}`, import.meta.url))
  return spawn(process.execPath, [program, ...args], {
    env: cleanEnvironment({ ...server.env, ...more }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs a program to its end. */
async function run(file: string, args: readonly string[] = [], more: Record<string, string> = {}) {
  const child = start(file, args, more)
  let text = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (part: string) => (text += part))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, lines: text.trimEnd().split('\n') }
}

/** Starts a program that prints where it listens, and ends it with the tests. */
async function serve(file: string, more: Record<string, string> = {}): Promise<string> {
  const child = start(file, [], { PORT: '0', ...more })
  services.push(child)
  return new Promise((resolve, reject) => {
    child.stdout!.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()))
    child.once('exit', () => reject(new Error(`${file} ended before it listened.`)))
  })
}

const ask = async (path: string, key: string, body: unknown) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  return (await (await fetch(server.url + path, init)).json()) as Record<string, string>
}

describe('two services', () => {
  it('know each other by a token of either format, and nobody else', async () => {
    const service = await serve('m2m-service.ts')
    for (const format of ['opaque', 'jwt']) {
      const { code, lines } = await run('m2m-caller.ts', [service, format])
      const answer = `200 {"hello":"${server.env.MINTMARK_WORKER_MACHINE_ID}"}`
      expect(lines).toStrictEqual([answer, answer, answer])
      expect(code).toBe(0)
    }
    expect((await fetch(service)).status).toBe(401)
    const headers = { authorization: `Bearer ${server.env.CLERK_SECRET_KEY}` }
    expect((await fetch(service, { headers })).status).toBe(401)
  })
})

describe('a service that calls another', () => {
  it('says so in one sentence when nobody answers', async () => {
    const nobody = 'http://127.0.0.1:1/'
    const { code, lines } = await run('m2m-caller.ts', [nobody])
    expect({ code, lines }).toStrictEqual({
      code: 1,
      lines: [`Nothing answers at ${nobody}: start m2m-service.ts first.`],
    })
  })
})

describe('a worker at the edge', () => {
  it('accepts a JWT by the public keys alone, and refuses all else', async () => {
    const environment = {
      MINTMARK_ISSUER: server.url,
      MINTMARK_JWKS_URL: `${server.url}/.well-known/jwks.json`,
      MINTMARK_MACHINE_ID: server.env.MINTMARK_API_MACHINE_ID!,
    }
    const at = async (authorization?: string, within = environment) => {
      // A worker of its own, because what it verifies with is made once.
      vi.resetModules()
      const { default: edge } = await import('../../examples/edge-jwt.ts')
      const headers = authorization === undefined ? {} : { authorization }
      return edge.fetch(new Request('http://edge/', { headers }), within)
    }
    const { token } = await ask('/v1/m2m_tokens', server.env.CLERK_MACHINE_SECRET_KEY!, {
      token_format: 'jwt',
    })
    const good = await at(`Bearer ${token}`)
    expect([good.status, await good.json()]).toStrictEqual([
      200,
      { hello: server.env.MINTMARK_WORKER_MACHINE_ID },
    ])
    const elsewhere = { ...environment, MINTMARK_MACHINE_ID: server.env.MINTMARK_WORKER_MACHINE_ID! }
    expect((await at(`Bearer ${token}`, elsewhere)).status).toBe(401)
    const changed = `${token!.slice(0, -2)}${token!.endsWith('AA') ? 'BB' : 'AA'}`
    for (const bad of [undefined, 'Bearer x', `Bearer ${changed}`]) expect((await at(bad)).status).toBe(401)
  })
})

describe('a support tool', () => {
  it('makes a link for a user and takes it back', async () => {
    await ask('/v1/users', server.env.CLERK_SECRET_KEY!, { email_address: ['dorothy@example.com'] })
    const { code, lines } = await run('support-tool.ts', ['dorothy@example.com', 'user_support'])
    expect(lines).toStrictEqual([
      expect.stringMatching(/^Open within ten minutes, once: https?:\/\/.*ticket=/),
      'The link is revoked.',
      'A second time it is refused: actor_token_cannot_be_revoked_code',
    ])
    expect(code).toBe(0)
  })

  it('says how it is called when it is told nothing', async () => {
    const { code, lines } = await run('support-tool.ts')
    expect({ code, lines }).toStrictEqual({
      code: 2,
      lines: ['Usage: support-tool.ts EMAIL ACTOR, such as: dorothy@example.com user_support'],
    })
  })

  it('says that there is no such user', async () => {
    const { code, lines } = await run('support-tool.ts', ['nobody@example.com', 'user_support'])
    expect({ code, lines }).toStrictEqual({
      code: 1,
      lines: ['There is no user with the address nobody@example.com.'],
    })
  })
})

describe('an end-to-end test in a browser', () => {
  it('gets past the bot check with a testing token only', async () => {
    const app = await serve('bot-check.ts')
    const { code, lines } = await run('playwright-test.ts', [app], { HOME: server.data })
    expect({ code, lines }).toStrictEqual({
      code: 0,
      lines: ['without a token: Are you a robot?', 'with a token: Welcome'],
    })
  })
})
