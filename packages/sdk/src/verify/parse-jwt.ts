import { decodeBase64url, parseJson } from './strict-json.ts'

/** A JWT (RFC 7519) whose header is sound. Nothing in it is proven, and its payload was not read. */
export interface UnverifiedJwt {
  readonly kid: string | undefined
  /** What kind it says it is. */
  readonly cat: unknown
  readonly signingInput: string
  readonly payload: Uint8Array
  readonly signature: Uint8Array<ArrayBuffer>
}

/** More than any that is issued. */
const LONGEST_TOKEN = 65_536

/** Parameters that would let a token choose its own key or its own rules (RFC 7515 section 4.1). */
const FORBIDDEN = ['crit', 'b64', 'zip', 'enc', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256']

/** `undefined` for anything that is not exactly one RS256 JWT in its one spelling. */
export function parseJwt(text: string): UnverifiedJwt | undefined {
  if (text.length > LONGEST_TOKEN) return undefined
  const segments = text.split('.', 4)
  if (segments.length !== 3) return undefined
  const [head, payload, signature] = segments.map(decodeBase64url)
  const header = head && parseJson(head)
  if (!header || !payload?.length || !signature?.length) return undefined
  const { alg, typ = 'JWT', kid, cat } = header
  if (alg !== 'RS256' || typ !== 'JWT' || FORBIDDEN.some((name) => name in header)) return undefined
  if (kid !== undefined && typeof kid !== 'string') return undefined
  const signingInput = text.slice(0, text.lastIndexOf('.'))
  return { kid, cat, signingInput, payload, signature }
}
