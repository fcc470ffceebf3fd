/** Published signatures, and keys that must not be used to check any. */
import { describe, expect, it } from 'vitest'
import { createVerifier } from '../verify.ts'
import { parseJwt } from './parse-jwt.ts'
import { importJwk } from './public-key.ts'

const VECTORS = [
  {
    name: 'RFC 7515 appendix A.2',
    n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
    e: 'AQAB',
    kid: undefined,
    token:
      'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
  },
  {
    name: 'RFC 7520 section 4.1',
    n: 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
    e: 'AQAB',
    kid: 'bilbo.baggins@hobbiton.example',
    token:
      'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg',
  },
]

it.each(VECTORS)('$name has a good signature, and none with one bit less', async ({ n, e, token }) => {
  const key = (await importJwk({ kty: 'RSA', n, e }))!
  const jwt = parseJwt(token)!
  expect(await key.verify(jwt.signingInput, jwt.signature)).toBe(true)
  jwt.signature.set([jwt.signature.at(100)! ^ 1], 100)
  expect(await key.verify(jwt.signingInput, jwt.signature)).toBe(false)
})

it.each(VECTORS.filter(({ kid }) => kid !== undefined))(
  '$name is no token of ours, good as its signature is',
  async ({ n, e, kid, token }) => {
    const jwks = { keys: [{ kty: 'RSA', kid, n, e } as JsonWebKey] }
    const verdict = await createVerifier({ issuer: 'joe', jwks }).verify(token)
    expect(verdict).toEqual({ active: false, reason: 'malformed' })
  },
)

const { n } = VECTORS.at(0)!
const AQAB = 'AQAB'
const encodeNumber = (value: bigint) => {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}
const numberOf = (text: string) => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`)

/** As keys of CVE-2017-15361 look from outside: a power of 65537 modulo the product of the small primes. */
function rocaModulus(): bigint {
  const primes = Array.from({ length: 702 }, (_, value) => value).filter(
    (value) => value > 1 && Array.from({ length: value - 2 }, (_, i) => i + 2).every((d) => value % d !== 0),
  )
  const product = primes.reduce((all, prime) => all * BigInt(prime), 1n)
  const power = 65_537n ** 1_234n % product
  return product * ((numberOf(n) | (1n << 2047n)) / product) + power
}

// A7: stops a key that others can factor, or that verifies everything, from being trusted because it is in the set.
describe('of the keys in a set, one is used only if it', () => {
  it.each([
    ['is RSA with 2048 bits', { n }],
    ['is for signatures', { n, use: 'sig' }],
    ['is for RS256', { n, alg: 'RS256' }],
    ['has a larger exponent', { n, e: encodeNumber(65_539n) }],
  ])('%s', async (_name, jwk) => {
    expect(await importJwk({ kty: 'RSA', e: AQAB, ...jwk })).toBeDefined()
  })

  it.each<readonly [string, unknown]>([
    ['has 1024 bits', { n: encodeNumber((numberOf(n) >> 1024n) | 1n) }],
    ['has 2047 bits', { n: encodeNumber((numberOf(n) & ((1n << 2047n) - 1n)) | (1n << 2046n)) }],
    ['has 8193 bits', { n: encodeNumber((1n << 8192n) | 1n) }],
    ['is even', { n: encodeNumber(numberOf(n) - 1n) }],
    ['has the mark of CVE-2017-15361', { n: encodeNumber(rocaModulus()) }],
    [
      'has a zero before its modulus',
      { n: Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')]).toString('base64url') },
    ],
    ['has another spelling', { n: `${n}=` }],
    ['has no modulus', { n: undefined }],
    ['has a modulus that is no text', { n: 5 }],
    ['has the exponent 1', { n, e: 'AQ' }],
    ['has the exponent 3', { n, e: 'Aw' }],
    ['has an even exponent', { n, e: encodeNumber(65_538n) }],
    ['has a very large exponent', { n, e: encodeNumber((1n << 32n) | 1n) }],
    ['has no exponent', { n, e: '' }],
    ['is for another algorithm', { n, alg: 'PS256' }],
    ['is for RS384', { n, alg: 'RS384' }],
    ['is for HMAC', { n, alg: 'HS256' }],
    ['is for encryption', { n, use: 'enc' }],
    ['has no type', { n, kty: undefined }],
    ['is elliptic by name', { n, kty: 'EC' }],
    ['is a secret', { kty: 'oct', k: n }],
  ])('not if it %s', async (_name, jwk) => {
    expect(await importJwk({ kty: 'RSA', e: AQAB, ...(jwk as object) })).toBeUndefined()
  })

  it.each([[null], ['text'], [5], [[]], [[{ kty: 'RSA', n, e: AQAB }]]])('not if it is %j', async (jwk) => {
    expect(await importJwk(jwk)).toBeUndefined()
  })
})
