/** What can be told of a secret of the authority without asking it, and under what it is remembered. */

const DIGITS = /^[\dA-Za-z]{51}$/
const CHECK_DIGITS = 6

/** The prefix, 45 digits, and 6 more that are the CRC-32 of all before them, in base62. Anybody can make one. */
export function hasSecretForm(prefix: 'mt_' | 'c_', secret: string): boolean {
  if (typeof secret !== 'string' || !secret.startsWith(prefix) || !DIGITS.test(secret.slice(prefix.length)))
    return false
  let check = 0
  for (const digit of secret.slice(-CHECK_DIGITS)) check = check * 62 + valueOf(digit.charCodeAt(0))
  return check === crc32(secret.slice(0, -CHECK_DIGITS))
}

/** The text itself is not kept: a memory dump would give away every token that is in use. */
export async function digestOf(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))
  return String.fromCharCode(...new Uint8Array(digest))
}

/** 0-9, A-Z, a-z, in the order of ASCII. */
const valueOf = (code: number): number => code - (code < 58 ? 48 : code < 91 ? 55 : 61)

function crc32(text: string): number {
  let crc = -1
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
