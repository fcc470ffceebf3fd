/**
 * JWTs in JWS compact form (RFC 7515, RFC 7519), read more strictly than the RFCs ask: one token has one
 * text. Unused base64url bits, padding, duplicate names, dates that are not whole numbers, embedded keys
 * and critical extensions are all refused before a signature is looked at (SECURITY.md, "Tokens").
 */
import { sign, verify, type KeyObject } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { isJsonObject, parseJson, type JsonLimits, type JsonObject } from '../core/json.ts'

export interface Jwt {
  readonly header: JsonObject & { readonly alg: 'RS256' }
  readonly payload: JsonObject
  readonly signingInput: string
  readonly signature: Uint8Array
}

/** Longest text that is looked at; the longest that is issued is shorter, and a request body can carry it. */
const LONGEST_TOKEN = 49_152

/** Room for the claims that a request may have, and those that are added to them. */
const LIMITS: JsonLimits = { depth: 40, names: 2_500 }

/** Header parameters that would let a token choose its own key or its own rules. */
const FORBIDDEN_PARAMETERS = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64', 'zip', 'enc']

const signAside = promisify(sign)

type Sign = (signingInput: string, key: KeyObject) => Promise<Buffer>

/**
 * RS256. A signature takes as long as ten verifications of an opaque token, so it is made on another thread and holds
 * nobody up. Where there is one core for all threads, that would only add to its cost.
 */
export const signerFor = (cores: number): Sign =>
  cores === 1
    ? async (signingInput, key) => sign('sha256', Buffer.from(signingInput), key)
    : (signingInput, key) => signAside('sha256', Buffer.from(signingInput), key)

const signatureOf = signerFor(availableParallelism())

/** @param payload written in the order of its names */
export async function signJwt(header: JsonObject, payload: JsonObject, key: KeyObject): Promise<string> {
  const signingInput = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(payload)}`
  return `${signingInput}.${(await signatureOf(signingInput, key)).toString('base64url')}`
}

/** Could this be a JWT at all? Costs nothing and promises nothing. */
export const looksLikeJwt = (text: string): boolean => /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

/** Reads a token without judging its signature. `null` for anything that is not exactly one JWT. */
export function parseJwt(text: string): Jwt | null {
  if (text.length > LONGEST_TOKEN) return null
  const segments = text.split('.')
  if (segments.length !== 3) return null
  const [header, payload, signature] = segments.map(decodeCanonical)
  if (!header || !payload || !signature || signature.length === 0) return null
  try {
    const parameters = parseJson(header, LIMITS)
    const claims = parseJson(payload, LIMITS)
    if (!isOurHeader(parameters) || !isJsonObject(claims) || !hasPlainDates(claims)) return null
    const signingInput = text.slice(0, text.lastIndexOf('.'))
    return { header: parameters, payload: claims, signingInput, signature }
  } catch {
    return null
  }
}

/** Checks the signature with a key that was chosen by instance, use and kid; never by the token alone. */
export const hasGoodSignature = ({ signingInput, signature }: Jwt, key: KeyObject): boolean =>
  verify('sha256', Buffer.from(signingInput), key, signature)

function isOurHeader(header: unknown): header is Jwt['header'] {
  if (!isJsonObject(header)) return false
  if (header.alg !== 'RS256' || (header.typ !== undefined && header.typ !== 'JWT')) return false
  return !FORBIDDEN_PARAMETERS.some((name) => Object.hasOwn(header, name))
}

const DATES = ['exp', 'nbf', 'iat'] as const

/** NumericDates as this authority writes them: whole seconds, in the range that JavaScript dates have. */
const hasPlainDates = (claims: JsonObject): boolean =>
  DATES.every((name) => {
    const date = claims[name]
    return (
      date === undefined ||
      (Number.isSafeInteger(date) && (date as number) >= 0 && (date as number) <= 8.64e12)
    )
  })

const encode = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** `null` unless these bytes have no other base64url text (RFC 4648 section 3.5). */
function decodeCanonical(segment: string): Uint8Array | null {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}
