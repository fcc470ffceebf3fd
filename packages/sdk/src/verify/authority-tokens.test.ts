/** Tokens that the authority itself makes, and the keys that it publishes: nothing here is made up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../../../../tests/support/authority.ts'
import { APIError } from '../core/errors.ts'
import { fail, succeed } from '../core/result.ts'
import type { M2MToken } from '../models.ts'
import { createOpaqueVerifier, createVerifier, type Verifier } from '../verify.ts'

let current: TestAuthority
let legacy: TestAuthority
beforeAll(async () => {
  current = await startAuthority()
  legacy = await startAuthority({ machineJwtCategory: 'legacy' })
})
afterAll(async () => {
  await current.close()
  await legacy.close()
})

/** Reads the public key set through the edge, as a program elsewhere does. */
function verifierOf(authority: TestAuthority, options: object = {}): Verifier {
  const fetch = async (address: string | URL | Request) => {
    const { body, status } = await authority.request('GET', new URL(address as string).pathname)
    return Response.json(body, { status })
  }
  return createVerifier({
    issuer: 'http://127.0.0.1:4100',
    jwks: 'http://127.0.0.1:4100/.well-known/jwks.json',
    fetch,
    now: () => authority.clock.now(),
    ...options,
  })
}

describe('an M2M JWT of the authority', () => {
  it('is active where it is meant to be, until it expires', async () => {
    const receiver = await current.machine(current.first)
    const sender = await current.machine(current.first, [receiver.id])
    const { body } = await current.request('POST', '/v1/m2m_tokens', {
      key: sender.secretKey,
      body: {
        token_format: 'jwt',
        claims: { role: 'admin', 'é😀': [1, { a: null }] },
        seconds_until_expiration: 60,
      },
    })
    const verifier = verifierOf(current, { audience: receiver.id, clockSkewMs: 0 })
    const issuedAt = current.clock.now()
    expect(await verifier.verify(body.token, { kinds: ['m2m_token'] })).toMatchObject({
      active: true,
      kind: 'm2m_token',
      subject: sender.id,
      jti: body.id,
      scopes: [receiver.id],
      audience: [receiver.id],
      issuedAt,
      expiresAt: body.expiration,
      claims: { role: 'admin', 'é😀': [1, { a: null }] },
    })
    const elsewhere = verifierOf(current, { audience: sender.id })
    expect(await elsewhere.verify(body.token)).toEqual({ active: false, reason: 'wrong_audience' })
    expect(await verifierOf(legacy).verify(body.token)).toMatchObject({ active: false })
    current.clock.advance(60_000)
    expect(await verifier.verify(body.token)).toEqual({ active: false, reason: 'expired' })
  })

  it('of a machine without scopes has no audience', async () => {
    const sender = await current.machine(current.first)
    const { body } = await current.request('POST', '/v1/m2m_tokens', {
      key: sender.secretKey,
      body: { token_format: 'jwt' },
    })
    expect(await verifierOf(current).verify(body.token)).toMatchObject({
      active: true,
      scopes: [],
      claims: {},
    })
    const reason = 'wrong_audience'
    expect(await verifierOf(current, { audience: sender.id }).verify(body.token)).toEqual({
      active: false,
      reason,
    })
  })

  it('with claims as large as they may be is active', async () => {
    const sender = await current.machine(current.first)
    const { body } = await current.request('POST', '/v1/m2m_tokens', {
      key: sender.secretKey,
      body: { token_format: 'jwt', claims: { a: 'x'.repeat(16_000) } },
    })
    expect(await verifierOf(current).verify(body.token)).toMatchObject({ active: true })
  })
})

describe.each(['current', 'legacy'] as const)('a machine token of the %s category', (category) => {
  it('is active, and is no M2M token', async () => {
    const authority = category === 'current' ? current : legacy
    const { body } = await authority.request('POST', '/v1/machine_tokens', {
      key: authority.first.secretKey,
      body: { machine_id: 'mch_a', claims: { aud: 'b', scopes: 'mch_b' }, allowed_clock_skew: 10 },
    })
    const verifier = verifierOf(authority)
    const now = authority.clock.now()
    expect(await verifier.verify(body.jwt)).toMatchObject({
      active: true,
      kind: 'machine_token',
      subject: 'mch_a',
      audience: ['b'],
      issuedAt: now,
      notBefore: now - 10_000,
      expiresAt: now + 30_000,
      claims: { aud: 'b', scopes: 'mch_b' },
    })
    const reason = 'wrong_kind'
    expect(await verifier.verify(body.jwt, { kinds: ['m2m_token'] })).toEqual({ active: false, reason })
  })
})

describe('an opaque M2M token of the authority', () => {
  it('is active until a moment after it is revoked', async () => {
    let clock = 0
    let asked = 0
    const verifier = createOpaqueVerifier<M2MToken>({
      verify: async (token) => {
        asked++
        const answer = await current.request('POST', '/v1/m2m_tokens/verify', {
          key: current.first.secretKey,
          body: { token },
        })
        return answer.status === 200 ? succeed(answer.body as M2MToken) : fail(errorOf(answer))
      },
      clock: () => clock,
      now: () => current.clock.now(),
    })
    const sender = await current.machine(current.first)
    const { body } = await current.request('POST', '/v1/m2m_tokens', { key: sender.secretKey, body: {} })
    expect(await verifier.verify(body.token)).toMatchObject({ active: true, subject: sender.id })
    await current.request('POST', `/v1/m2m_tokens/${body.id}/revoke`, { key: sender.secretKey, body: {} })
    clock += 4_999
    expect(await verifier.verify(body.token)).toMatchObject({ active: true })
    expect(asked).toBe(1)
    clock += 1
    expect(await verifier.verify(body.token)).toEqual({ active: false, reason: 'not_active' })
    expect(await verifier.verify(body.id)).toEqual({ active: false, reason: 'malformed' })
    expect(await verifier.verify(current.first.secretKey)).toEqual({ active: false, reason: 'malformed' })
    expect(asked).toBe(2)
  })
})

const errorOf = ({ status, body, headers }: Answer) =>
  new APIError({
    statusCode: status,
    contentType: headers.get('content-type') ?? '',
    errors: body.errors,
    traceId: body.clerk_trace_id,
    retryAfter: null,
    body: '',
    rawResponse: new Response(),
  })
