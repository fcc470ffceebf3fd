/** JWTs that tests of the SDK's verifiers sign themselves, well or not. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

export const ISSUER = 'https://clerk.example.com'
export const KID = 'ins_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU'
/** When the clocks of these tests stand still: milliseconds. */
export const NOW = Date.UTC(2026, 0, 15, 12)
const SECONDS = NOW / 1000

export const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const jwkOf = (key: KeyObject, kid = KID): JsonWebKey =>
  ({ ...key.export({ format: 'jwk' }), kid }) as JsonWebKey
export const JWKS = { keys: [jwkOf(publicKey)] }
export const PEM = publicKey.export({ format: 'pem', type: 'spki' }) as string

export const M2M = 'cl_B7d4PD333AAA'
export const MACHINE = 'cl_B7d4PD222AAA'
export const SESSION = 'cl_B7d4PD111AAA'

export const header = { alg: 'RS256', typ: 'JWT', cat: M2M, kid: KID }
const dates = { iss: ISSUER, iat: SECONDS, nbf: SECONDS, exp: SECONDS + 60 }
const MACHINE_ID = 'mch_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU'
export const m2mClaims = { ...dates, sub: MACHINE_ID, jti: `mt_${'0123456789abcdef'.repeat(2)}` }
export const machineClaims = { ...dates, sub: MACHINE_ID, jti: '0123456789abcdef0123' }
export const sessionClaims = {
  ...dates,
  sub: 'user_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU',
  sid: 'sess_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU',
  azp: 'https://example.com',
  jti: 'f0123456789abcdef012',
}

export type Signer = (input: string) => Uint8Array
export const rs256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign('sha256', Buffer.from(input), key)

export type Part = string | Uint8Array | object
export const encode = (part: Part): string =>
  Buffer.from(
    typeof part === 'string' || part instanceof Uint8Array ? (part as string) : JSON.stringify(part),
  ).toString('base64url')

/** A JWT of these parts: texts and bytes as they are, objects as JSON. */
export function signed(head: Part, payload: Part, signer: Signer = rs256(privateKey)): string {
  const input = `${encode(head)}.${encode(payload)}`
  return `${input}.${Buffer.from(signer(input)).toString('base64url')}`
}

export const m2mToken = (claims: object = {}, head: object = {}): string =>
  signed({ ...header, ...head }, { ...m2mClaims, ...claims })
