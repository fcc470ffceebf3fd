/**
 * base64url and JSON with one reading only: what two programs could read differently is not read at all
 * (RFC 4648 section 3.5, RFC 7493 section 2).
 */

export type JsonObject = Readonly<Record<string, unknown>>

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Value of each ASCII code in the alphabet; more than 63 where it has none. */
const VALUES = Uint8Array.from(
  { length: 128 },
  (_, code) => ALPHABET.indexOf(String.fromCharCode(code)) & 127,
)

/** `undefined` unless these bytes have no other base64url text. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array((text.length * 6) >> 3)
  let bits = 0
  let pending = 0
  let end = 0
  for (let at = 0; at < text.length; at++) {
    const value = VALUES[text.charCodeAt(at)]!
    // Also if it is past the table, and so undefined.
    if (!(value < 64)) return undefined
    pending = (pending << 6) | value
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[end++] = pending >> bits
    pending &= (1 << bits) - 1
  }
  // A whole digit too many, or unused bits that are set, and the same bytes have a shorter or another text.
  return bits < 6 && pending === 0 ? bytes : undefined
}

const MOST_NAMES = 2_500
const DEEPEST = 40
/** As `JSON.stringify` writes half of a surrogate pair: escaped, after no backslash or a pair of them. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud/

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A frozen object, or `undefined` for anything that is not exactly one JSON object in UTF-8. */
export function parseJson(bytes: Uint8Array | ArrayBuffer): JsonObject | undefined {
  try {
    const text = utf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    const names = freeze(value, 0)
    // The parser keeps one of two equal names, however they are escaped, and then some are missing.
    if (!isObject(value) || names !== countNames(text) || names > MOST_NAMES) return undefined
    return text.includes('\\') && LONE_SURROGATE.test(JSON.stringify(value)) ? undefined : value
  } catch {
    return undefined
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Freezes a value and all in it, and counts the names; NaN if something in it has no place in a token. */
function freeze(value: unknown, depth: number): number {
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : NaN
  if (typeof value !== 'object' || value === null) return 0
  if (depth === DEEPEST) return NaN
  const inner = Object.values(Object.freeze(value))
  let names = Array.isArray(value) ? 0 : inner.length
  for (const each of inner) names += freeze(each, depth + 1)
  return names
}

const QUOTE = 34
const COLON = 58
const BACKSLASH = 92

/** In a text that is JSON: outside of strings, a colon follows each name and stands nowhere else. */
function countNames(text: string): number {
  let names = 0
  let isOutside = true
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) isOutside = !isOutside
    else if (code === BACKSLASH) at++
    else if (code === COLON && isOutside) names++
  }
  return names
}
