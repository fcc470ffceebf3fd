import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import {
  header,
  ISSUER,
  JWKS,
  KID,
  m2mClaims,
  m2mToken,
  NOW,
  PEM,
  privateKey,
  publicKey,
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

describe('a key in PEM', () => {
  const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }) as string

  it.each<readonly [string, string]>([
    ['as it is', PEM],
    ['with its line ends written as \\n', PEM.replaceAll('\n', '\\n')],
    ['on one line', PEM.replaceAll('\n', '')],
    ['with other line ends and space around it', ` \r\n${PEM.replaceAll('\n', '\r\n')}\r\n `],
  ])('verifies %s, whatever the kid, and without any network', async (_name, jwtKey) => {
    const fetch = () => expect.fail('fetched')
    for (const kid of [KID, 'another', undefined]) {
      expect(await reasonOf(m2mToken({}, { kid }), { jwtKey, fetch })).toBe('active')
    }
  })

  it('of somebody else verifies nothing', async () => {
    const jwtKey = pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)
    expect(await reasonOf(m2mToken(), { jwtKey })).toBe('bad_signature')
  })

  it.each<readonly [string, string]>([
    ['text', 'sk_test_something'],
    ['empty', ''],
    ['a private key', privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
    ['PKCS #1', publicKey.export({ format: 'pem', type: 'pkcs1' }) as string],
    ['two keys', PEM + PEM],
  ])('is refused at once if it is %s, and is not repeated', (_name, jwtKey) => {
    expect(() => verifier({ jwtKey })).toThrow(/^jwtKey is not a PEM$/)
  })

  it.each<readonly [string, () => string]>([
    ['is not a key', () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['is too short', () => pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
    [
      'has an exponent of 3',
      () => pemOf(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey),
    ],
    ['is elliptic', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
  ])('makes each call reject if it %s', async (_name, jwtKey) => {
    const one = verifier({ jwtKey: jwtKey() })
    for (let time = 0; time < 2; time++) {
      await expect(one.verify(m2mToken())).rejects.toMatchObject({ code: 'jwt_key_invalid' })
    }
  })
})

// Browsers and workers have no other cryptography.
describe('where there is only WebCrypto', () => {
  const { getBuiltinModule } = process
  afterEach(() => void (process.getBuiltinModule = getBuiltinModule))

  it('the same tokens are active, and the same are not', async () => {
    Object.assign(process, { getBuiltinModule: undefined })
    for (const options of [{}, { jwtKey: PEM }]) {
      const one = verifier(options)
      expect(await one.verify(m2mToken())).toMatchObject({ active: true })
      expect(await one.verify(m2mToken())).toMatchObject({ active: true })
      const token = m2mToken({ a: 1 })
      const changed = token.slice(0, -10) + (token.at(-10) === 'A' ? 'B' : 'A') + token.slice(-9)
      expect(await one.verify(changed)).toEqual({ active: false, reason: 'bad_signature' })
      for (const length of [1, 255, 257, 512]) {
        const short = signed(header, m2mClaims, () => Buffer.alloc(length, 1))
        expect(await one.verify(short)).toEqual({ active: false, reason: 'bad_signature' })
      }
    }
  })
})
