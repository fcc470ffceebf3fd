import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ISSUER, jwkOf, JWKS, KID, m2mClaims, m2mToken, NOW } from '../../../../tests/support/signed-jwt.ts'
import { createVerifier, type JwksSource, type VerifierOptions } from '../verify.ts'
import { importSet } from './jwks-source.ts'
import { createVerifiedTokens, type VerifiedToken } from './verified-tokens.ts'

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

/** A source that counts how often a signature was checked. */
async function countingSource(jwks: { keys: readonly JsonWebKey[] } = JWKS) {
  const counts = { checks: 0 }
  const keys = new Map(
    [...(await importSet(jwks.keys))].map(([kid, key]) => [
      kid,
      {
        ...key,
        verify: (...given: Parameters<typeof key.verify>) => (counts.checks++, key.verify(...given)),
      },
    ]),
  )
  const source: JwksSource = { peek: (kid) => keys.get(kid), find: (kid) => Promise.resolve(keys.get(kid)) }
  return { counts, keys, source }
}

describe('a token that was verified before', () => {
  it('has its signature checked once, and gets the same verdict', async () => {
    const { counts, source } = await countingSource()
    const one = verifier({ jwks: source })
    const first = await one.verify(m2mToken())
    expect(await one.verify(m2mToken())).toBe(first)
    expect(counts.checks).toBe(1)
  })

  it('is checked each time where nothing is to be remembered', async () => {
    const { counts, source } = await countingSource()
    const one = verifier({ jwks: source, cacheSize: 0 })
    for (let time = 0; time < 3; time++) expect(await one.verify(m2mToken())).toMatchObject({ active: true })
    expect(counts.checks).toBe(3)
  })

  it('must still be of a kind that is asked for', async () => {
    const one = verifier()
    expect(await one.verify(m2mToken(), { kinds: ['m2m_token'] })).toMatchObject({ active: true })
    expect(await one.verify(m2mToken(), { kinds: ['session_token', 'machine_token'] })).toEqual({
      active: false,
      reason: 'wrong_kind',
    })
  })

  // F1: stops a text with the same jti, or the same end, from being taken for it.
  it('is remembered as exactly this text, so that another with its jti or its signature is not known', async () => {
    const one = verifier()
    const good = m2mToken()
    const [head, , signature] = good.split('.') as [string, string, string]
    const forged = [head, m2mToken({ sub: 'mch_admin' }).split('.')[1], signature].join('.')
    expect(await one.verify(good)).toMatchObject({ subject: m2mClaims.sub })
    expect(await one.verify(forged)).toEqual({ active: false, reason: 'bad_signature' })
    const sameJti = m2mToken({ role: 'reader' })
    expect(await one.verify(sameJti)).toMatchObject({ claims: { role: 'reader' } })
    expect(await one.verify(good)).toMatchObject({ claims: {} })
  })

  it('is not known any more when its key is gone or another', async () => {
    const { counts, keys, source } = await countingSource()
    const one = verifier({ jwks: source })
    expect(await one.verify(m2mToken())).toMatchObject({ active: true })
    const other = (
      await importSet([jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)])
    ).get(KID)!
    const key = keys.get(KID)!
    keys.set(KID, { ...other, verify: other.verify })
    expect(await one.verify(m2mToken())).toEqual({ active: false, reason: 'bad_signature' })
    keys.delete(KID)
    expect(await one.verify(m2mToken())).toEqual({ active: false, reason: 'unknown_key' })
    keys.set(KID, key)
    expect(await one.verify(m2mToken())).toMatchObject({ active: true })
    expect(counts.checks).toBe(1)
  })

  it('makes room for newer ones when there are too many, the oldest first', async () => {
    const { counts, source } = await countingSource()
    const one = verifier({ jwks: source, cacheSize: 2 })
    const [a, b, c] = ['mt_a', 'mt_b', 'mt_c'].map((jti) => m2mToken({ jti })) as [string, string, string]
    for (const token of [a, b, c, b, c]) await one.verify(token)
    expect(counts.checks).toBe(3)
    await one.verify(a)
    expect(counts.checks).toBe(4)
  })

  // Stops tokens whose revocation was looked up slowly from staying in memory past the limit.
  it('stays the one of its jti if another with that jti is forgotten', () => {
    const tokens = createVerifiedTokens(1)
    const tokenOf = (text: string, jti: string) =>
      ({ text: text.padStart(30, '.'), verdict: { jti } }) as VerifiedToken
    const [a, b, c] = [tokenOf('a', 'mt_1'), tokenOf('b', 'mt_1'), tokenOf('c', 'mt_2')]
    tokens.keep(a)
    tokens.keep(b)
    tokens.forget(a)
    expect(tokens.find(b.text)).toBe(b)
    tokens.keep(c)
    expect(tokens.find(c.text)).toBe(c)
    expect(tokens.find(b.text)).toBeUndefined()
    tokens.forget(c)
    expect(tokens.find(c.text)).toBeUndefined()
  })

  it('is not remembered if it is very long', async () => {
    const { counts, source } = await countingSource()
    const one = verifier({ jwks: source })
    const long = m2mToken({ a: 'x'.repeat(8_192) })
    for (let time = 0; time < 2; time++) expect(await one.verify(long)).toMatchObject({ active: true })
    expect(counts.checks).toBe(2)
  })
})

describe('revocations', () => {
  it('are asked about each time, also for a token that was verified before', async () => {
    const revoked = new Set<string>()
    const asked: string[] = []
    const one = verifier({
      revocations: {
        isRevoked: ({ jti, subject, issuer, issuedAt }) => {
          asked.push([jti, subject, issuer, issuedAt].join(' '))
          return revoked.has(jti)
        },
      },
    })
    expect(await one.verify(m2mToken())).toMatchObject({ active: true })
    expect(await one.verify(m2mToken())).toMatchObject({ active: true })
    revoked.add(m2mClaims.jti)
    expect(await one.verify(m2mToken())).toEqual({ active: false, reason: 'revoked' })
    expect(await one.verify(m2mToken())).toEqual({ active: false, reason: 'revoked' })
    revoked.clear()
    expect(await one.verify(m2mToken())).toMatchObject({ active: true })
    expect(asked).toEqual(Array(5).fill(`${m2mClaims.jti} ${m2mClaims.sub} ${ISSUER} ${NOW}`))
  })

  it('make a token be forgotten', async () => {
    const { counts, source } = await countingSource()
    let isRevoked = false
    const one = verifier({ jwks: source, revocations: { isRevoked: () => isRevoked } })
    await one.verify(m2mToken())
    isRevoked = true
    await one.verify(m2mToken())
    expect(counts.checks).toBe(1)
    await one.verify(m2mToken())
    expect(counts.checks).toBe(2)
  })

  it('may take their time, and the token may expire meanwhile', async () => {
    let now = NOW
    const slow = (answer: boolean) =>
      verifier({ now: () => now, revocations: { isRevoked: () => Promise.resolve(answer) } }).verify(
        m2mToken(),
      )
    expect(await slow(false)).toMatchObject({ active: true })
    expect(await slow(true)).toEqual({ active: false, reason: 'revoked' })
    const late = verifier({
      now: () => now,
      revocations: { isRevoked: async () => ((now += 70_000), false) },
    })
    expect(await late.verify(m2mToken())).toEqual({ active: false, reason: 'expired' })
  })

  it('are not asked about for a token that is refused anyway', async () => {
    const never = { isRevoked: () => expect.fail('asked') }
    expect(await reasonOf(m2mToken({ iss: 'x' }), { revocations: never })).toBe('wrong_issuer')
    expect(await reasonOf(m2mToken({ exp: 1 }), { revocations: never })).toBe('expired')
    expect(await reasonOf('x', { revocations: never })).toBe('malformed')
  })

  // F7: stops an outage from being read as "valid" or as "invalid".
  it.each<readonly [string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['says nothing', () => undefined],
    ['promises nothing', () => Promise.resolve(null)],
    ['gives a row instead of an answer', () => ({ revoked: false })],
  ])('that cannot be looked up make the call reject: it %s', async (_name, isRevoked) => {
    const one = verifier({ revocations: { isRevoked: isRevoked as () => boolean } })
    for (let time = 0; time < 2; time++) {
      await expect(one.verify(m2mToken())).rejects.toMatchObject({
        name: 'VerificationUnavailableError',
        code: 'revocations_unavailable',
      })
    }
  })
})
