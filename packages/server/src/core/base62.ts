/**
 * Base62 of a fixed width: every value of `n` bytes has exactly one text, so that a secret or an id
 * has one spelling only and can be compared, cached and revoked by it. The alphabet is in ASCII
 * order, so texts of one width sort as their bytes do.
 */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62

/** Value of each ASCII code in the alphabet, 255 where it has none. */
const VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < BASE; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** How many base62 digits hold any value of that many bytes. */
export const base62Width = (byteLength: number): number => Math.ceil((byteLength * 8) / Math.log2(BASE))

/** Writes bytes as one big-endian number, with leading zeros up to the width of their length. */
export function encodeBase62(bytes: Uint8Array): string {
  const digits: string[] = Array.from({ length: base62Width(bytes.length) })
  const number = Uint8Array.from(bytes)
  for (let position = digits.length - 1; position >= 0; position--) {
    let remainder = 0
    for (let index = 0; index < number.length; index++) {
      const current = remainder * 256 + number[index]!
      number[index] = Math.floor(current / BASE)
      remainder = current % BASE
    }
    digits[position] = ALPHABET[remainder]!
  }
  return digits.join('')
}

/**
 * Reads what {@link encodeBase62} wrote. `null` for a wrong width, a character outside the alphabet,
 * or a number too large for that many bytes: no second text stands for the same bytes.
 */
export function decodeBase62(text: string, byteLength: number): Uint8Array | null {
  if (text.length !== base62Width(byteLength)) return null
  const bytes = new Uint8Array(byteLength)
  let position = 0
  while (position < text.length) {
    // Four digits at a time keep every product under 2^32 and quarter the passes over the bytes.
    const taken = Math.min(4, text.length - position)
    let carry = 0
    for (let end = position + taken; position < end; position++) {
      const code = text.charCodeAt(position)
      const value = code < 128 ? VALUES[code]! : 255
      if (value === 255) return null
      carry = carry * BASE + value
    }
    const factor = BASE ** taken
    for (let index = byteLength - 1; index >= 0; index--) {
      const current = bytes[index]! * factor + carry
      bytes[index] = current & 255
      carry = Math.floor(current / 256)
    }
    if (carry !== 0) return null
  }
  return bytes
}
