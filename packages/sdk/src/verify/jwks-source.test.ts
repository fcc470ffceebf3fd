/** Against a real server on this machine that counts what it is asked, with a clock that tests move. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  header,
  ISSUER,
  jwkOf,
  JWKS,
  KID,
  m2mClaims,
  m2mToken,
  NOW,
  rs256,
  signed,
} from '../../../../tests/support/signed-jwt.ts'
import { createJwksSource, createVerifier, type JwksSourceOptions } from '../verify.ts'

const MINUTE = 60_000
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherJwk = jwkOf(other.publicKey, 'ins_other')
const otherToken = signed({ ...header, kid: 'ins_other' }, m2mClaims, rs256(other.privateKey))

let requests = 0
let connections = 0
let answer: (response: ServerResponse, request: IncomingMessage) => void
const json = (body: unknown) => (response: ServerResponse) =>
  void response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
const server = createServer((request, response) => {
  requests++
  answer(response, request)
})
server.on('connection', () => connections++)
let url: string

beforeEach(async () => {
  requests = 0
  connections = 0
  answer = json(JWKS)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys.json?secret=hunter2`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => void server.close(resolve))
})

function start(options: JwksSourceOptions = {}) {
  let ms = 1_000
  const source = createJwksSource(url, { clock: () => ms, ...options })
  const verifier = createVerifier({ issuer: ISSUER, now: () => NOW, jwks: source })
  const reasonOf = async (token = m2mToken()) => {
    const verdict = await verifier.verify(token)
    return verdict.active ? 'active' : verdict.reason
  }
  return { reasonOf, pass: (by: number) => void (ms += by) }
}

const settled = async (until: () => boolean) => {
  while (!until()) await new Promise((resolve) => setImmediate(resolve))
}
/** Lets what an answer has set going be done with: everything it needs is in this process. */
const turns = async (count = 50) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a key set', () => {
  it('is not asked for before there is a token, and not for one that is malformed', async () => {
    const { reasonOf } = start()
    expect(await reasonOf('malformed')).toBe('malformed')
    expect(await reasonOf(m2mToken({}, { alg: 'none' }))).toBe('malformed')
    expect(connections).toBe(0)
  })

  it('is asked for once by all who need it at the same time', async () => {
    const { reasonOf } = start()
    const reasons = await Promise.all(
      Array.from({ length: 50 }, (_, n) => reasonOf(m2mToken({ jti: `mt_${n}` }))),
    )
    expect(new Set(reasons)).toEqual(new Set(['active']))
    expect(requests).toBe(1)
    expect(await reasonOf()).toBe('active')
    expect(requests).toBe(1)
  })

  it('may be given by its URL alone', async () => {
    for (const jwks of [url, new URL(url)]) {
      const verifier = createVerifier({ issuer: ISSUER, now: () => NOW, jwks })
      expect(await verifier.verify(m2mToken())).toMatchObject({ active: true })
    }
    expect(requests).toBe(2)
  })

  it('is read with the fetch that was given', async () => {
    const asked: string[] = []
    const fetch = (address: string | URL | Request) => {
      asked.push(address as string)
      return Promise.resolve(Response.json(JWKS))
    }
    const verifier = createVerifier({ issuer: ISSUER, now: () => NOW, jwks: url, fetch })
    expect(await verifier.verify(m2mToken())).toMatchObject({ active: true })
    expect(asked).toEqual([url])
    expect(connections).toBe(0)
  })

  // Stops a cache of the platform, or a framework that caches what is fetched, from bringing a revoked key back.
  it('is read past the caches of the platform, if it knows of them', async () => {
    const asked: (RequestInit | undefined)[] = []
    const fetch = (_: unknown, init?: RequestInit) => {
      asked.push(init)
      return Promise.resolve(Response.json(JWKS))
    }
    expect(await start({ fetch }).reasonOf()).toBe('active')
    const cache = Object.getOwnPropertyDescriptor(Request.prototype, 'cache')!
    // As in a worker of before November 2024, which throws on the option.
    Reflect.deleteProperty(Request.prototype, 'cache')
    try {
      expect(await start({ fetch }).reasonOf()).toBe('active')
    } finally {
      Object.defineProperty(Request.prototype, 'cache', cache)
    }
    expect(asked.map((init) => init?.cache)).toEqual(['no-store', undefined])
  })

  it('is read again before it is old, and nobody waits for that', async () => {
    const { reasonOf, pass } = start()
    await reasonOf()
    pass(4.5 * MINUTE)
    let release: () => void = () => expect.fail('not asked')
    answer = (response) => (release = () => json({ keys: [otherJwk] })(response))
    expect(await reasonOf()).toBe('active')
    await settled(() => requests === 2)
    expect(await reasonOf()).toBe('active')
    release()
    while ((await reasonOf()) === 'active') await turns(1)
    expect(await reasonOf()).toBe('unknown_key')
    expect(requests).toBe(2)
  })

  it('that is old is read again before anything is said', async () => {
    const { reasonOf, pass } = start()
    expect(await reasonOf()).toBe('active')
    answer = json({ keys: [otherJwk] })
    pass(5 * MINUTE)
    // A verdict that was remembered goes with its key.
    expect(await reasonOf()).toBe('unknown_key')
    expect(await reasonOf(otherToken)).toBe('active')
    expect(requests).toBe(2)
  })

  it('that has the same keys again keeps them, and with them what was verified', async () => {
    let ms = 0
    const source = createJwksSource(url, { clock: () => ms })
    const first = await source.find(KID)
    ms += 5 * MINUTE
    expect(source.peek(KID)).toBeUndefined()
    expect(await source.find(KID)).toBe(first)
    answer = json({ keys: [jwkOf(other.publicKey)] })
    ms += 5 * MINUTE
    expect(await source.find(KID)).not.toBe(first)
    expect(requests).toBe(3)
  })
})

describe('a kid that is not in the set', () => {
  // F12: stops made-up kids from becoming a flood of requests.
  it('makes it be read again, once in 30 seconds, however many there are', async () => {
    const { reasonOf, pass } = start()
    expect(await reasonOf()).toBe('active')
    const flood = () =>
      Promise.all(Array.from({ length: 100 }, (_, n) => reasonOf(m2mToken({}, { kid: `ins_${n}` }))))
    expect(new Set(await flood())).toEqual(new Set(['unknown_key']))
    expect(requests).toBe(1)
    pass(30_000)
    expect(new Set(await flood())).toEqual(new Set(['unknown_key']))
    expect(requests).toBe(2)
    await flood()
    expect(requests).toBe(2)
    expect(await reasonOf()).toBe('active')
  })

  it('is found when it was added since', async () => {
    const { reasonOf, pass } = start()
    expect(await reasonOf(otherToken)).toBe('unknown_key')
    answer = json({ keys: [...JWKS.keys, otherJwk] })
    pass(30_000)
    expect(await reasonOf(otherToken)).toBe('active')
    expect(await reasonOf()).toBe('active')
    expect(requests).toBe(2)
  })

  it('says nothing while the set cannot be read', async () => {
    const { reasonOf, pass } = start()
    expect(await reasonOf()).toBe('active')
    pass(30_000)
    answer = (response) => void response.writeHead(500).end()
    await expect(reasonOf(otherToken)).rejects.toMatchObject({ code: 'jwks_unavailable' })
    await expect(reasonOf(otherToken)).rejects.toMatchObject({ code: 'jwks_unavailable' })
    expect(requests).toBe(2)
    expect(await reasonOf()).toBe('active')
  })
})

describe('while the set cannot be read', () => {
  it('its keys are trusted for fifteen minutes and not longer', async () => {
    const { reasonOf, pass } = start()
    expect(await reasonOf()).toBe('active')
    answer = (response) => void response.destroy()
    pass(7.5 * MINUTE)
    expect(await reasonOf()).toBe('active')
    expect(requests).toBe(2)
    // Known to fail: nobody waits for the next attempts, and they are 30 seconds apart.
    for (let time = 0; time < 10; time++) expect(await reasonOf()).toBe('active')
    expect(requests).toBe(2)
    pass(7.5 * MINUTE - 1)
    expect(await reasonOf()).toBe('active')
    await settled(() => requests === 3)
    await turns()
    pass(1)
    await expect(reasonOf()).rejects.toMatchObject({ code: 'jwks_unavailable' })
    pass(1_000)
    answer = json(JWKS)
    expect(await reasonOf()).toBe('active')
  })

  it('a verifier without keys asks once a second', async () => {
    const { reasonOf, pass } = start()
    answer = (response) => void response.writeHead(503).end()
    for (let time = 0; time < 20; time++) {
      await expect(reasonOf()).rejects.toMatchObject({ code: 'jwks_unavailable' })
    }
    expect(requests).toBe(1)
    pass(1_000)
    answer = json(JWKS)
    expect(await reasonOf()).toBe('active')
    expect(requests).toBe(2)
  })

  it.each<readonly [string, typeof answer]>([
    ['it is not found', (response) => void response.writeHead(404).end('{"keys":[]}')],
    ['it is empty', (response) => void response.end()],
    ['it is a page', (response) => void response.end('<html>')],
    ['it has no keys', json({ key: [] })],
    ['its keys are no list', json({ keys: JWKS.keys[0] })],
    ['it is a list', json(JWKS.keys)],
    ['it has a name twice', (response) => void response.end('{"keys":[],"keys":[]}')],
    ['it is not UTF-8', (response) => void response.end(Buffer.of(0x7b, 0xff, 0x7d))],
    ['it is too long', json({ keys: JWKS.keys, padding: 'x'.repeat(70_000) })],
    ['it does not end', (response) => void response.write('{"keys":[', () => response.destroy())],
    ['it is a 206', (response) => void response.writeHead(206).end(JSON.stringify(JWKS))],
  ])('because %s, the call rejects, and nothing of the address but its path is told', async (_name, bad) => {
    const { reasonOf } = start()
    answer = bad
    const error: unknown = await reasonOf().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'VerificationUnavailableError', code: 'jwks_unavailable' })
    const { origin, pathname } = new URL(url)
    expect((error as Error).message).toBe(`The key set at ${origin}${pathname} could not be read`)
  })

  it('because it never ends, it is given up', async () => {
    const { reasonOf } = start({ timeoutMs: 50 })
    answer = (response) => void response.write('{"keys":[')
    await expect(reasonOf()).rejects.toMatchObject({ code: 'jwks_unavailable' })
  })

  // Stops a fetch that is not the platform's, or is wrapped, from holding up every verification for ever.
  it.each<readonly [string, () => Promise<Response>]>([
    ['answer', () => new Promise(() => {})],
    ['body', () => Promise.resolve(new Response(new ReadableStream()))],
    [
      'end to what is refused',
      () =>
        Promise.resolve(
          new Response(new ReadableStream({ cancel: () => new Promise(() => {}) }), { status: 500 }),
        ),
    ],
  ])(
    'because a fetch that does not listen to the signal gives no %s, it is given up',
    async (_name, fetch) => {
      const given: (() => Promise<Response>)[] = [fetch, () => Promise.resolve(Response.json(JWKS))]
      const { reasonOf, pass } = start({ timeoutMs: 20, fetch: () => given.shift()!() })
      await expect(reasonOf()).rejects.toMatchObject({
        code: 'jwks_unavailable',
        cause: { name: 'TimeoutError' },
      })
      pass(1_000)
      expect(await reasonOf()).toBe('active')
    },
  )

  it('because it is endless, no more than its limit is read', async () => {
    const { reasonOf } = start()
    let closed = false
    answer = (response) => {
      response.on('close', () => (closed = true))
      const more = () =>
        void (response.destroyed || response.write(' '.repeat(16_384), () => setImmediate(more)))
      more()
    }
    await expect(reasonOf()).rejects.toMatchObject({ code: 'jwks_unavailable' })
    await settled(() => closed)
  })

  // A28: stops a key set from being taken from where nobody said it is.
  it.each([301, 302, 307, 308])(
    'because it is said to be elsewhere (%i), that is not asked',
    async (status) => {
      const { reasonOf } = start()
      answer = (response, { url: path }) =>
        path === '/elsewhere'
          ? json(JWKS)(response)
          : void response.writeHead(status, { Location: '/elsewhere' }).end()
      await expect(reasonOf()).rejects.toMatchObject({ code: 'jwks_unavailable' })
      expect(requests).toBe(1)
    },
  )
})

describe('of a set', () => {
  it('what is not a key for RS256 signatures is passed over', async () => {
    answer = json({
      keys: [null, 'x', { kty: 'oct', k: 'AAAA', kid: KID }, { ...otherJwk, kid: 5 }, otherJwk],
    })
    const { reasonOf } = start()
    expect(await reasonOf(otherToken)).toBe('active')
    expect(await reasonOf()).toBe('unknown_key')
  })

  // Stops a second key of the same name from being the one that is used.
  it.each([
    ['both are good', [JWKS.keys[0], jwkOf(other.publicKey)]],
    ['both are the same', [JWKS.keys[0], JWKS.keys[0]]],
    ['the first is of no use', [{ kty: 'EC', kid: KID }, JWKS.keys[0]]],
    ['the second is of no use', [JWKS.keys[0], { kid: KID }]],
    ['there are three', [JWKS.keys[0], JWKS.keys[0], JWKS.keys[0]]],
  ])('none of two keys with one kid is used: %s', async (_name, keys) => {
    answer = json({ keys: [...keys, otherJwk] })
    const { reasonOf } = start()
    expect(await reasonOf()).toBe('unknown_key')
    expect(await reasonOf(otherToken)).toBe('active')
  })

  it('a key without a name is found by no token', async () => {
    const { kid: _, ...nameless } = JWKS.keys[0] as JsonWebKey & { kid: string }
    answer = json({ keys: [nameless, { ...nameless, kid: '' }] })
    const { reasonOf } = start()
    for (const kid of [undefined, '', 'undefined'])
      expect(await reasonOf(m2mToken({}, { kid }))).toBe('unknown_key')
  })
})
