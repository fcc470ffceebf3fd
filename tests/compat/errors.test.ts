/** What a user of the published client sees when a request is refused, whatever it asked for. */
import { createClerkClient } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compat, type Refusal, refusalOf, refused, send, startCompat, TRACE_ID } from './support.ts'

let compat: Compat

beforeAll(async () => {
  compat = await startCompat()
})

afterAll(() => compat.close())

describe('a refusal', () => {
  it('carries the same trace id in its header as in its body', async () => {
    const { headers, body } = await send(compat.server, 'GET', '/v1/jwks')
    expect(body.clerk_trace_id).toMatch(TRACE_ID)
    expect(headers.get('clerk-trace-id')).toBe(body.clerk_trace_id)
  })

  it('carries another trace id each time', async () => {
    const ask = () => refusalOf(compat.instance.machines.get(`mch_${'0'.repeat(27)}`))
    const [first, second] = [await ask(), await ask()]
    expect(second).toEqual({ ...first, clerkTraceId: expect.not.stringMatching(first.clerkTraceId!) })
  })
})

describe('401', () => {
  it('is for a request without a key', async () => {
    const { m2m } = createClerkClient({ apiUrl: compat.server.url })
    expect(await refusalOf(m2m.verify({ token: 'mt_something' }))).toEqual(
      refused(401, 'authorization_header_format_invalid'),
    )
  })

  it('is for a key that is not known, ended or of the wrong kind, told apart by endpoint', async () => {
    const apiUrl = compat.server.url
    const machine = await compat.machine()
    await compat.instance.machines.rotateSecretKey({ machineId: machine.id, previousTokenTtl: 0 })
    for (const key of [`ak_${'0'.repeat(51)}`, 'ak_', 'nonsense', machine.secretKey]) {
      const { users } = createClerkClient({ apiUrl, secretKey: key })
      expect(await refusalOf(users.getCount())).toEqual(refused(401, 'clerk_key_invalid'))
      const { m2m } = createClerkClient({ apiUrl, machineSecretKey: key })
      expect(await refusalOf(m2m.createToken())).toEqual(refused(401, 'machine_secret_key_invalid'))
      expect(await refusalOf(m2m.verify({ token: 'mt_' }))).toEqual(
        refused(401, 'machine_secret_key_invalid'),
      )
    }
  })
})

describe('400', () => {
  it('is for every malformed M2M request, with the parameter named', async () => {
    const { client, id: subject } = await compat.machine()
    const { m2m } = client
    const claims = [] as unknown as Record<string, unknown>
    const cases: readonly (readonly [() => Promise<unknown>, string])[] = [
      [
        () => m2m.createToken({ secondsUntilExpiration: '1' as unknown as number }),
        'seconds_until_expiration',
      ],
      [() => m2m.createToken({ tokenFormat: 'paseto' as 'jwt' }), 'token_format'],
      [() => m2m.createToken({ minRemainingTtlSeconds: 1.5 }), 'min_remaining_ttl_seconds'],
      [() => m2m.createToken({ claims: { filler: 'x'.repeat(20_000) } }), 'claims'],
      [() => m2m.createToken({ tokenFormat: 'jwt', claims }), 'claims'],
      [() => m2m.list({ subject: 'not-a-machine' }), 'subject'],
      [() => m2m.list({ subject, limit: 101 }), 'limit'],
      [() => m2m.verify({ token: '' }), 'token'],
    ]
    for (const [call, paramName] of cases) {
      expect(await refusalOf(call())).toEqual(refused(400, 'bad_request', { paramName }))
    }
  })
})

describe('404 and 405', () => {
  it('are for what this authority does not have', async () => {
    const { instance } = compat
    expect(await refusalOf(instance.organizations.getOrganizationList())).toEqual(
      refused(404, 'resource_not_found'),
    )
    expect(
      await send(compat.server, 'DELETE', '/v1/testing_tokens', { key: compat.secretKey }),
    ).toMatchObject({ status: 405, body: { errors: [{ code: 'method_not_allowed' }] } })
  })
})

describe('413', () => {
  it('is for a body that is too large, sent to its end or not', async () => {
    const { client } = await compat.machine()
    for (const length of [100_000, 500_000]) {
      expect(await refusalOf(client.m2m.createToken({ claims: { filler: 'x'.repeat(length) } }))).toEqual(
        refused(413, 'request_body_too_large'),
      )
    }
  })
})

describe('429', () => {
  const LIMIT = 5
  let limited: Compat

  beforeAll(async () => {
    limited = await startCompat(['--rate-limit', String(LIMIT)])
  })

  afterAll(() => limited.close())

  /** Calls until it is refused; on a slow machine a new window may begin in between. */
  async function exhaust(call: () => Promise<unknown>): Promise<{ answered: number; refusal: Refusal }> {
    for (let answered = 0; ; answered++) {
      const attempt = call()
      const refusal = await attempt.then(
        () => null,
        () => refusalOf(attempt),
      )
      if (refusal !== null) return { answered, refusal }
    }
  }

  it('tells one key when to come back, and leaves the others alone', async () => {
    const { client } = await limited.machine()
    const { answered, refusal } = await exhaust(() => client.m2m.createToken())
    expect(answered).toBeGreaterThanOrEqual(LIMIT)
    expect(refusal).toEqual(refused(429, 'too_many_requests', { retryAfter: refusal.retryAfter }))
    expect(Number.isInteger(refusal.retryAfter)).toBe(true)
    expect(refusal.retryAfter).toBeGreaterThanOrEqual(1)
    expect(refusal.retryAfter).toBeLessThanOrEqual(10)
    await expect(limited.instance.machines.list()).resolves.toMatchObject({ data: expect.any(Array) })
  })

  it('says nothing about a token: a service neither accepts it nor calls it invalid', async () => {
    const { id, client: reader, secretKey } = await limited.machine()
    const { client } = await limited.machine([id])
    const token = (await client.m2m.createToken()).token!
    await exhaust(() => reader.m2m.verify({ token }))
    const service = createClerkClient({ apiUrl: limited.server.url, machineSecretKey: secretKey })
    const request = new Request('https://service.example/', { headers: { authorization: `Bearer ${token}` } })
    expect(await service.authenticateRequest(request, { acceptsToken: 'm2m_token' })).toMatchObject({
      isAuthenticated: false,
      reason: 'unexpected-error',
    })
  })

  it('is never the answer to a request for the public keys', async () => {
    await exhaust(() => limited.instance.machines.list())
    await expect(limited.instance.jwks.getJwks()).resolves.toMatchObject({ keys: [{ kty: 'RSA' }] })
  })
})
