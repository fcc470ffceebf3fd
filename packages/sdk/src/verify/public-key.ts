import { VerificationUnavailableError } from './errors.ts'
import { nodeCrypto } from './platform.ts'
import { decodeBase64url, isObject, isText } from './strict-json.ts'

/** An RSA key that verifies RS256 (RSASSA-PKCS1-v1_5 with SHA-256) and nothing else. */
export interface PublicKey {
  /** Modulus and exponent in base64url: they are the key. */
  readonly n: string
  readonly e: string
  verify(text: string, signature: Uint8Array<ArrayBuffer>): boolean | Promise<boolean>
}

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** `undefined` for what is not an RSA key for RS256 signatures, or a weak one. */
export async function importJwk(jwk: unknown): Promise<PublicKey | undefined> {
  if (!isObject(jwk)) return undefined
  const { kty, alg = 'RS256', use = 'sig', n, e } = jwk
  if (kty !== 'RSA' || alg !== 'RS256' || use !== 'sig') return undefined
  if (!isText(n) || !isText(e) || !isStrong(n, e)) return undefined
  try {
    return { n, e, verify: await verifierOf({ kty, n, e }) }
  } catch {
    return undefined
  }
}

const PEM = /^-----BEGINPUBLICKEY-----([\w+/]+)={0,2}-----ENDPUBLICKEY-----$/

/**
 * Reads an SPKI key, also one whose line ends were written as `\n`, as in a variable of the environment.
 *
 * @returns `undefined` for a text that is no PEM; else what imports the key, and throws if it may not be used
 */
export function readPem(pem: string): (() => Promise<PublicKey>) | undefined {
  const base64 = PEM.exec(pem.replaceAll(/\\n|\s/g, ''))?.[1]
  const der = base64 && decodeBase64url(base64.replaceAll('+', '-').replaceAll('/', '_'))
  if (!der) return undefined
  return async () => {
    let jwk: unknown
    try {
      jwk = await crypto.subtle.exportKey(
        'jwk',
        await crypto.subtle.importKey('spki', der, RS256, true, ['verify']),
      )
    } catch {
      // Not the cause: what a platform says of a key that it cannot read, it may say with the key.
    }
    const key = await importJwk(jwk)
    if (!key)
      throw new VerificationUnavailableError('jwt_key_invalid', 'jwtKey is no RSA key of 2048 bits or more')
    return key
  }
}

/** Both ways are strict in the same manner: the signature is as long as the modulus, and less than it. */
async function verifierOf(jwk: JsonWebKey): Promise<PublicKey['verify']> {
  const encoder = new TextEncoder()
  const node = nodeCrypto()
  if (node) {
    const key = node.createPublicKey({ key: jwk, format: 'jwk' })
    return (text, signature) => node.verify('sha256', encoder.encode(text), key, signature)
  }
  const key = await crypto.subtle.importKey('jwk', jwk, RS256, false, ['verify'])
  return (text, signature) => crypto.subtle.verify(RS256, key, signature, encoder.encode(text))
}

/** Of the primes whose products are tried. */
const SQUARES = [9, 25, 49, 121]

/** Longer ones would let a key set make each verification slow. */
const LONGEST_MODULUS = 8192n

function isStrong(n: string, e: string): boolean {
  const modulus = toBigInt(n)
  const exponent = toBigInt(e)
  return (
    modulus >> 2047n > 0n &&
    modulus >> LONGEST_MODULUS === 0n &&
    exponent >= 65_537n &&
    exponent >> 32n === 0n &&
    (modulus & exponent & 1n) === 1n &&
    !isRoca(modulus)
  )
}

/** 0 for what is not a number in its one spelling: canonical base64url without a zero in front (RFC 7518 section 2). */
function toBigInt(text: string): bigint {
  const bytes = decodeBase64url(text)
  let value = 0n
  if (bytes?.[0]) for (const byte of bytes) value = value * 256n + BigInt(byte)
  return value
}

/**
 * The fingerprint of CVE-2017-15361: modulo each product of different small primes, such a modulus is a power
 * of 65537. Of other keys not one in a hundred million is.
 */
function isRoca(modulus: bigint): boolean {
  for (let divisor = 3; divisor <= 167; divisor += 2) {
    if (SQUARES.some((square) => divisor % square === 0)) continue
    const remainder = Number(modulus % BigInt(divisor))
    let power = 1
    do power = (power * 65_537) % divisor
    while (power !== remainder && power !== 1)
    if (power !== remainder) return false
  }
  return true
}
