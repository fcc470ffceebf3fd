import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, PATTERNS } from './support.ts'

const PATH = '/.well-known/jwks.json'

let t: TestAuthority
beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const get = (headers: Record<string, string> = {}, on: TestAuthority = t) =>
  on.request('GET', PATH, { headers })

describe('the public keys of the only instance', () => {
  it.each(['127.0.0.1:4100', 'localhost', 'evil.example', ''])(
    'are public, whatever the Host: "%s"',
    async (host) => {
      const { status, headers, body } = await get(host === '' ? {} : { host })
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('application/json')
      expect(headers.get('clerk-trace-id')).toMatch(PATTERNS.trace)
      expect(body.keys.map(({ kid }: { kid: string }) => kid)).toStrictEqual([t.first.instance.id])
    },
  )

  it('are those that the key holder gets', async () => {
    const { body } = await t.request('GET', '/v1/jwks', { key: t.first.secretKey })
    expect((await get()).body).toStrictEqual(body)
  })

  it('may be cached for five minutes and read by any page, without credentials', async () => {
    const { headers } = await get({ origin: 'https://evil.example' })
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  // Stops one instance's keys from being kept in a shared cache for another's.
  it('vary by Host', async () => {
    expect((await get()).headers.get('vary')).toBe('Host')
  })

  it.each([
    ['its own tag', (tag: string) => tag],
    ['its own tag, weak', (tag: string) => `W/${tag}`],
    ['its own tag among others', (tag: string) => `"a", ${tag} , "b"`],
    ['any tag', () => '*'],
  ])('are 304 without a body for a request that knows %s', async (_what, known) => {
    const first = await get()
    const tag = first.headers.get('etag')!
    expect(tag).toMatch(/^"[\w-]{22}"$/)
    const again = await get({ 'if-none-match': known(tag) })
    expect([again.status, again.body, again.headers.get('etag')]).toStrictEqual([304, null, tag])
  })

  it('are sent whole to a request that knows another tag', async () => {
    const { status, body } = await get({ 'if-none-match': '"another"' })
    expect([status, body.keys.length]).toStrictEqual([200, 1])
  })

  // Stops a cache in front from being poisoned by headers that it does not look at.
  it('do not depend on what proxies say', async () => {
    const plain = await get()
    const dressed = await get({
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
      'x-original-url': '/v1/machines',
      forwarded: 'host=evil.example',
    })
    expect(dressed.body).toStrictEqual(plain.body)
    expect(dressed.headers.get('etag')).toBe(plain.headers.get('etag'))
  })

  it('do not need a well-formed API version, which browsers do not send', async () => {
    expect((await get({ 'clerk-api-version': 'latest' })).status).toBe(200)
  })

  it('show their headers to HEAD, and no body', async () => {
    const { status, headers, body } = await t.request('HEAD', PATH)
    expect([status, body, headers.get('content-type')]).toStrictEqual([200, null, 'application/json'])
    expect(headers.get('etag')).toBe((await get()).headers.get('etag'))
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('do not answer to %s', async (method) => {
    const answer = await t.request(method, PATH, { body: '{}' })
    expectRefusal(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('allow')).toMatch(/\bGET\b/)
  })
})

describe('the public keys of one instance among several', () => {
  let many: TestAuthority
  let hosts: Record<string, string>
  beforeAll(async () => {
    many = await startAuthority()
    const [second, third] = [await many.addInstance('live'), await many.addInstance()]
    hosts = {
      '127.0.0.1:4100': many.first.instance.id,
      'clerk.instance-2.example': second.instance.id,
      'clerk.instance-3.example': third.instance.id,
    }
    // The set of published keys is read anew every second.
    await vi.waitFor(async () => {
      const { body } = await get({ host: 'clerk.instance-3.example' }, many)
      expect(body.keys?.[0].kid).toBe(third.instance.id)
    }, 10_000)
  })
  afterAll(() => many.close())

  it('are those of the instance whose frontend is asked', async () => {
    for (const [host, kid] of Object.entries(hosts)) {
      const { status, body } = await get({ host }, many)
      expect([host, status, body.keys.map((key: { kid: string }) => key.kid)]).toStrictEqual([
        host,
        200,
        [kid],
      ])
    }
  })

  it('are found by a host in any case, as host names have none', async () => {
    const { status, body } = await get({ host: 'CLERK.Instance-2.Example' }, many)
    expect([status, body.keys?.[0].kid]).toStrictEqual([200, hosts['clerk.instance-2.example']])
  })

  it('have a tag of their own each', async () => {
    const tags = await Promise.all(
      Object.keys(hosts).map(async (host) => (await get({ host }, many)).headers.get('etag')),
    )
    expect(new Set(tags).size).toBe(3)
  })

  // Stops the keys of one instance from being given out as another's.
  it.each([
    'evil.example',
    'instance-2.example',
    'clerk.instance-2.example.evil.example',
    '127.0.0.1',
    '',
    'a b',
    '[',
  ])('are 404 for the unknown host "%s"', async (host) => {
    const answer = await get({ host, 'x-forwarded-host': 'clerk.instance-2.example' }, many)
    expectRefusal(answer, 404, 'resource_not_found')
  })

  it('are 404 for a request without Host', async () => {
    expectRefusal(await edgeOf(many).raw({ path: PATH }), 404, 'resource_not_found')
  })
})

describe('public keys that are not read yet', () => {
  it('are 503 with Retry-After, which clients try again', async () => {
    const answer = await edgeOf(t, { publishedKeys: { all: () => [] } }).raw({ path: PATH })
    expectRefusal(answer, 503, 'service_unavailable')
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})
