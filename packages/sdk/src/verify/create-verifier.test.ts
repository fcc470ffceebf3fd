import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  header,
  ISSUER,
  JWKS,
  m2mClaims,
  m2mToken,
  MACHINE,
  machineClaims,
  NOW,
  PEM,
  privateKey,
  rs256,
  SESSION,
  sessionClaims,
  signed,
} from '../../../../tests/support/signed-jwt.ts'
import { createVerifier, type VerifierOptions } from '../verify.ts'

const verifier = (options: Partial<VerifierOptions> = {}) =>
  createVerifier({
    issuer: ISSUER,
    now: () => NOW,
    ...(options.jwtKey === undefined && { jwks: JWKS }),
    ...options,
  })
const reasonOf = async (token: string, options: Partial<VerifierOptions> = {}) => {
  const verdict = await verifier(options).verify(token)
  return verdict.active ? 'active' : verdict.reason
}

describe('a good token', () => {
  it('of a machine for machines comes with its scopes, its claims and its instants in milliseconds', async () => {
    const claims = { aud: ['mch_b', 'mch_c'], scopes: 'mch_b mch_c', role: 'admin', nested: { a: [1] } }
    const verdict = await verifier().verify(m2mToken(claims), { kinds: ['m2m_token'] })
    expect(verdict).toEqual({
      active: true,
      kind: 'm2m_token',
      subject: m2mClaims.sub,
      jti: m2mClaims.jti,
      issuer: ISSUER,
      audience: ['mch_b', 'mch_c'],
      issuedAt: NOW,
      notBefore: NOW,
      expiresAt: NOW + 60_000,
      scopes: ['mch_b', 'mch_c'],
      claims,
      payload: { ...m2mClaims, ...claims },
    })
  })

  it('that a machine carries comes with its claims and no field that they could fill', async () => {
    const token = signed(
      { ...header, cat: MACHINE },
      { ...machineClaims, scopes: 5, sid: 'sess_a', aud: 'a' },
    )
    const verdict = await verifier().verify(token)
    expect(verdict).toMatchObject({
      kind: 'machine_token',
      subject: machineClaims.sub,
      jti: machineClaims.jti,
    })
    expect(verdict).toMatchObject({ audience: ['a'], claims: { scopes: 5, sid: 'sess_a', aud: 'a' } })
    expect(verdict).not.toHaveProperty('scopes')
    expect(verdict).not.toHaveProperty('sessionId')
  })

  it('of a session comes with its session, its party and its actor', async () => {
    const act = { sub: 'user_support' }
    const { azp: _, ...apart } = sessionClaims
    const head = { ...header, cat: SESSION }
    const first = await verifier().verify(signed(head, { ...sessionClaims, act }))
    expect(first).toMatchObject({
      kind: 'session_token',
      sessionId: sessionClaims.sid,
      authorizedParty: sessionClaims.azp,
      actor: act,
    })
    expect(await verifier().verify(signed(head, apart))).toMatchObject({ authorizedParty: null, actor: null })
  })

  it('has the scopes that its audience names if it does not say otherwise, and none if it has neither', async () => {
    const scopesOf = async (claims: object) => {
      const verdict = await verifier().verify(m2mToken(claims), { kinds: ['m2m_token'] })
      return verdict.active && verdict.scopes
    }
    expect(await scopesOf({})).toEqual([])
    expect(await scopesOf({ scopes: '' })).toEqual([])
    expect(await scopesOf({ aud: 'mch_b' })).toEqual(['mch_b'])
    expect(await scopesOf({ aud: ['mch_b'], scopes: 'mch_c' })).toEqual(['mch_c'])
  })

  it('is good from its issue on if it does not say from when', async () => {
    const verdict = await verifier().verify(m2mToken({ nbf: undefined }))
    expect(verdict).toMatchObject({ active: true, notBefore: NOW })
    expect(await reasonOf(m2mToken({ nbf: undefined, iat: NOW / 1000 + 6 }))).toBe('not_yet_valid')
  })

  // Stops one part of a program from changing what another will be told about the same token.
  it('gives a verdict that nobody can change', async () => {
    const verdict = await verifier().verify(m2mToken({ aud: ['mch_b'], deep: { list: [{}] } }))
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen))
    expect(isFrozen(verdict)).toBe(true)
  })
})

describe('what a verifier expects', () => {
  const withoutScopes = m2mToken()
  const scoped = m2mToken({ aud: ['mch_b', 'mch_c'] })

  it.each<readonly [string, string]>([
    [`${ISSUER}/`, 'wrong_issuer'],
    [ISSUER.toUpperCase(), 'wrong_issuer'],
    [ISSUER.slice(0, -1), 'wrong_issuer'],
    [ISSUER, 'active'],
  ])('of an issuer is its exact text: %s', async (issuer, reason) => {
    expect(await reasonOf(withoutScopes, { issuer })).toBe(reason)
  })

  it.each<readonly [string | string[] | undefined, string, string]>([
    [undefined, 'active', 'active'],
    ['mch_c', 'active', 'wrong_audience'],
    [['mch_x', 'mch_b'], 'active', 'wrong_audience'],
    ['mch_x', 'wrong_audience', 'wrong_audience'],
    ['mch_', 'wrong_audience', 'wrong_audience'],
    [[], 'wrong_audience', 'wrong_audience'],
  ])('of an audience is one of the names in it: %j', async (audience, ofScoped, ofOther) => {
    expect(await reasonOf(scoped, { audience })).toBe(ofScoped)
    expect(await reasonOf(withoutScopes, { audience })).toBe(ofOther)
  })

  it('of parties holds for sessions, also for one that names none', async () => {
    const session = (claims: object) => signed({ ...header, cat: SESSION }, { ...sessionClaims, ...claims })
    const authorizedParties = [sessionClaims.azp]
    expect(await reasonOf(session({}), { authorizedParties })).toBe('active')
    expect(await reasonOf(session({ azp: 'https://evil.example' }), { authorizedParties })).toBe(
      'wrong_party',
    )
    expect(await reasonOf(session({ azp: undefined }), { authorizedParties })).toBe('wrong_party')
    expect(await reasonOf(session({}), { authorizedParties: [] })).toBe('wrong_party')
    expect(await reasonOf(withoutScopes, { authorizedParties })).toBe('active')
  })
})

describe('time', () => {
  const token = m2mToken()
  const at = (ms: number, clockSkewMs?: number) => reasonOf(token, { now: () => ms, clockSkewMs })

  it('is over for a token from the millisecond of its expiration on, but for the skew', async () => {
    expect(await at(NOW + 59_999, 0)).toBe('active')
    expect(await at(NOW + 60_000, 0)).toBe('expired')
    expect(await at(NOW + 64_999)).toBe('active')
    expect(await at(NOW + 65_000)).toBe('expired')
  })

  it('has not come for a token before its nbf, but for the skew', async () => {
    expect(await at(NOW, 0)).toBe('active')
    expect(await at(NOW - 1, 0)).toBe('not_yet_valid')
    expect(await at(NOW - 5_000)).toBe('active')
    expect(await at(NOW - 5_001)).toBe('not_yet_valid')
  })

  it('that is not a number makes every token inactive', async () => {
    expect(await at(NaN)).toBe('expired')
  })

  it('is looked at again for a token that was verified before', async () => {
    let now = NOW
    const one = verifier({ now: () => now })
    expect(await one.verify(token)).toMatchObject({ active: true })
    now = NOW + 65_000
    expect(await one.verify(token)).toEqual({ active: false, reason: 'expired' })
    now = NOW - 6_000
    expect(await one.verify(token)).toEqual({ active: false, reason: 'not_yet_valid' })
    now = NOW
    expect(await one.verify(token)).toMatchObject({ active: true })
  })
})

describe('the options of a verifier are refused', () => {
  it.each<readonly [string, object]>([
    ['without an issuer', { issuer: '' }],
    ['without keys', { jwks: undefined }],
    ['with two kinds of keys', { jwtKey: PEM }],
    ['with a negative skew', { clockSkewMs: -1 }],
    ['with a skew that is no number', { clockSkewMs: NaN }],
    ['with a negative cache', { cacheSize: -1 }],
  ])('%s', (_name, options) => {
    expect(() => createVerifier({ issuer: ISSUER, jwks: JWKS, ...options })).toThrow(/needs issuer/)
  })

  it.each([
    'ftp://example.com',
    'nothing',
    '',
    'https://user:hunter2@example.com/keys',
    'https://:hunter2@example.com',
  ])('with a key set at %s, which is not repeated', (jwks) => {
    expect(() => verifier({ jwks })).toThrow(/^jwks is not an http URL without credentials$/)
  })
})

// A changed character is a changed header, payload or signature: nothing of a token is left unchecked.
it('no token with one character changed is active', async () => {
  const one = verifier()
  const tokens = [
    m2mToken({ aud: ['mch_b'], a: 'b' }),
    signed({ ...header, cat: MACHINE }, machineClaims, rs256(privateKey)),
    signed({ ...header, cat: SESSION }, sessionClaims),
  ]
  for (const token of tokens) expect(await one.verify(token)).toMatchObject({ active: true })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...tokens),
      fc.nat(),
      fc.oneof(fc.constantFrom(...'AZaz09-_.='), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
      async (token, where, character) => {
        const at = where % token.length
        fc.pre(token[at] !== character)
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        expect(await one.verify(changed)).toMatchObject({ active: false })
      },
    ),
    { numRuns: 500 },
  )
})
