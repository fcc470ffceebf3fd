import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess, expectUnchanged, NOON, PATTERNS, readJwt } from './support.ts'
import type { MachineKeys } from './world.ts'

let t: TestAuthority
let issuer: MachineKeys
let reader: MachineKeys

beforeAll(async () => {
  t = await startAuthority()
  reader = await t.machine(t.first)
  issuer = await t.machine(t.first, [reader.id])
})
afterAll(() => t.close())

const issue = (body?: unknown, key = issuer.secretKey, path = '/v1/m2m_tokens') =>
  t.request('POST', path, { key, body })

describe('issuing an M2M token', () => {
  it.each(['/v1/m2m_tokens', '/m2m_tokens'])(
    'answers 201 with every field of the wire at %s',
    async (path) => {
      const body = expectSuccess(await issue({ claims: { role: 'worker' } }, undefined, path), 201)
      expect(body).toStrictEqual({
        object: 'machine_to_machine_token',
        id: expect.stringMatching(PATTERNS.m2mToken),
        subject: issuer.id,
        claims: { role: 'worker' },
        scopes: [reader.id],
        token: expect.stringMatching(PATTERNS.opaqueSecret),
        revoked: false,
        revocation_reason: null,
        expired: false,
        expiration: null,
        last_used_at: null,
        created_at: NOON,
        updated_at: NOON,
      })
    },
  )

  it('takes what the published client sends for no options at all', async () => {
    const defaults = { seconds_until_expiration: null, claims: null, token_format: 'opaque' }
    expect(expectSuccess(await issue(defaults), 201)).toMatchObject({ claims: null, expiration: null })
  })

  it('takes an empty body with the content type of JSON', async () => {
    const answer = await t.request('POST', '/m2m_tokens', { key: issuer.secretKey, body: '' })
    expect(expectSuccess(answer, 201).token).toMatch(PATTERNS.opaqueSecret)
  })

  it('gives every token an id and a secret of its own', async () => {
    const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await issue({})).body))
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(20)
    expect(new Set(bodies.map(({ token }) => token)).size).toBe(20)
  })

  it('gives an unscoped machine a token without scopes', async () => {
    expect(expectSuccess(await issue({}, reader.secretKey), 201).scopes).toStrictEqual([])
  })

  it.each([
    [1, 1_000],
    [3600, 3_600_000],
    [60.0, 60_000],
    [1.5, 1_500],
    [0.25, 250],
    [0.000_01, 1],
    [315_360_000, 315_360_000_000],
  ])('expires %d seconds later, to the millisecond', async (asked, milliseconds) => {
    const { expiration } = expectSuccess(await issue({ seconds_until_expiration: asked }), 201)
    expect(expiration).toBe(NOON + milliseconds)
  })

  it.each([
    ['token_format', { token_format: 'jws' }],
    ['token_format', { token_format: null }],
    ['token_format', { token_format: 1 }],
    ['seconds_until_expiration', { seconds_until_expiration: 0 }],
    ['seconds_until_expiration', { seconds_until_expiration: -1 }],
    ['seconds_until_expiration', { seconds_until_expiration: 315_360_001 }],
    ['seconds_until_expiration', { seconds_until_expiration: 2 ** 53 }],
    ['seconds_until_expiration', { seconds_until_expiration: '60' }],
    ['seconds_until_expiration', { seconds_until_expiration: true }],
    ['seconds_until_expiration', { seconds_until_expiration: [60] }],
    ['min_remaining_ttl_seconds', { min_remaining_ttl_seconds: -1 }],
    ['min_remaining_ttl_seconds', { min_remaining_ttl_seconds: 1.5 }],
    ['min_remaining_ttl_seconds', { min_remaining_ttl_seconds: '1' }],
    ['claims', { claims: 'x'.repeat(16_383) }],
    ['claims', { claims: 1, token_format: 'jwt' }],
    ['claims', { claims: ['a'], token_format: 'jwt' }],
    ['claims', { claims: 'a', token_format: 'jwt' }],
    ['claims', { claims: false, token_format: 'jwt' }],
  ])('refuses a bad %s with 400 and issues nothing: %o', async (param, body) => {
    expectRefusal(await expectUnchanged(t, () => issue(body)), 400, 'bad_request', param)
  })

  // Stops a caller from choosing what only the authority decides (mass assignment).
  it.each([
    'id',
    'subject',
    'scopes',
    'revoked',
    'expiration',
    'created_at',
    'instance_id',
    'token',
    '__proto__',
  ])('refuses the field %s, which is not the caller’s to give', async (field) => {
    const answer = await expectUnchanged(t, () => issue(`{"${field}":"x"}`))
    expectRefusal(answer, 400, 'bad_request', field)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it.each(['1e400', '-1e400', '1e21', '315360001'])('refuses a lifetime of %s', async (number) => {
    const answer = await expectUnchanged(t, () => issue(`{"seconds_until_expiration":${number}}`))
    expect(answer.status).toBe(400)
  })

  it('answers an instance key with 401 machine_secret_key_invalid, as published clients expect', async () => {
    const answer = await expectUnchanged(t, () => issue({}, t.first.secretKey))
    expectRefusal(answer, 401, 'machine_secret_key_invalid')
  })
})

describe('the lifetime of an M2M token that says none', () => {
  it('is the default of its machine, in both formats', async () => {
    const machine = await t.machine(t.first, [], { default_token_ttl: 90 })
    const opaque = expectSuccess(await issue({ seconds_until_expiration: null }, machine.secretKey), 201)
    const jwt = expectSuccess(await issue({ token_format: 'jwt' }, machine.secretKey), 201)
    expect(opaque.expiration).toBe(NOON + 90_000)
    expect(jwt.expiration).toBe(NOON + 90_000)
  })

  it('gives way to what the request says', async () => {
    const machine = await t.machine(t.first, [], { default_token_ttl: 90 })
    const { expiration } = expectSuccess(await issue({ seconds_until_expiration: 5 }, machine.secretKey), 201)
    expect(expiration).toBe(NOON + 5_000)
  })

  it('follows a default that is changed, for tokens issued from then on', async () => {
    const machine = await t.machine(t.first)
    const path = `/v1/machines/${machine.id}`
    await t.request('PATCH', path, { key: t.first.secretKey, body: { default_token_ttl: 7 } })
    expect(expectSuccess(await issue({}, machine.secretKey), 201).expiration).toBe(NOON + 7_000)
  })

  it('is an hour for a JWT of a machine without a default', async () => {
    expect(expectSuccess(await issue({ token_format: 'jwt' }), 201).expiration).toBe(NOON + 3_600_000)
  })
})

describe('the longest lifetime that an operator sets', () => {
  let capped: TestAuthority
  let key: string
  beforeAll(async () => {
    capped = await startAuthority({ longestLifetime: 120 as never })
    key = (await capped.machine(capped.first)).secretKey
  })
  afterAll(() => capped.close())
  const ask = (body: unknown) => capped.request('POST', '/m2m_tokens', { key, body })

  it('refuses a longer one that is asked for', async () => {
    const answer = await ask({ seconds_until_expiration: 120.5 })
    expectRefusal(answer, 400, 'bad_request', 'seconds_until_expiration')
  })

  it.each(['opaque', 'jwt'])('ends an %s token that asked for none', async (token_format) => {
    expect(expectSuccess(await ask({ token_format }), 201).expiration).toBe(NOON + 120_000)
  })
})

describe('an M2M token in the format of a JWT', () => {
  it('has the header and the claims that published clients verify', async () => {
    const body = expectSuccess(await issue({ token_format: 'jwt', claims: { role: 'worker' } }), 201)
    const { header, payload } = readJwt(body.token)
    expect(header).toStrictEqual({
      alg: 'RS256',
      typ: 'JWT',
      cat: 'cl_B7d4PD333AAA',
      kid: t.first.instance.id,
    })
    expect(payload).toStrictEqual({
      iss: 'http://127.0.0.1:4100',
      sub: issuer.id,
      aud: [reader.id],
      scopes: reader.id,
      iat: NOON / 1000,
      nbf: NOON / 1000,
      exp: NOON / 1000 + 3600,
      jti: body.id,
      role: 'worker',
    })
    expect(body).toMatchObject({ claims: { role: 'worker' }, scopes: [reader.id], expired: false })
  })

  it('names every scope in aud and, joined by one space, in scopes', async () => {
    const second = await t.machine(t.first)
    const { secretKey } = await t.machine(t.first, [reader.id, second.id])
    const { token, scopes } = expectSuccess(await issue({ token_format: 'jwt' }, secretKey), 201)
    const { payload } = readJwt(token)
    expect(payload.aud.toSorted()).toStrictEqual([reader.id, second.id].toSorted())
    expect(payload.scopes).toBe(payload.aud.join(' '))
    expect(scopes).toStrictEqual(payload.aud)
  })

  it('of an unscoped machine has neither aud nor scopes', async () => {
    const { token } = expectSuccess(await issue({ token_format: 'jwt' }, reader.secretKey), 201)
    expect(Object.keys(readJwt(token).payload)).toStrictEqual(['iss', 'sub', 'iat', 'nbf', 'exp', 'jti'])
  })

  it('names the frontend of its instance as issuer', async () => {
    const other = await t.addInstance('live')
    const { secretKey } = await t.machine(other)
    const { token } = expectSuccess(await issue({ token_format: 'jwt' }, secretKey), 201)
    expect(readJwt(token).payload.iss).toBe('https://clerk.instance-2.example')
  })

  it.each([
    [0.2, 1],
    [1.9, 1],
    [2, 2],
    [59.999, 59],
  ])('asked for %d seconds expires after %d, never later and never at its issue', async (asked, whole) => {
    const body = expectSuccess(await issue({ token_format: 'jwt', seconds_until_expiration: asked }), 201)
    const { iat, exp } = readJwt(body.token).payload
    expect(exp - iat).toBe(whole)
    expect(body.expiration).toBe(exp * 1000)
  })
})
