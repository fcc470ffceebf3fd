/**
 * Base62 of a fixed width: every value of `n` bytes has exactly one text, so that a secret or an id
 * has one spelling only and can be compared, cached and revoked by it. The alphabet is in ASCII
 * order, so texts of one width sort as their bytes do.
 *
 * The arithmetic is on limbs of 24 bits and four digits at a time: a limb times 62^4 fits into the 53
 * bits that a number holds exactly, and a verification need not pay for big integers.
 */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = 62
const CHUNK_DIGITS = 4
const CHUNK = BASE ** CHUNK_DIGITS
const LIMB_BYTES = 3
const LIMB = 2 ** 24

/** Value of each ASCII code in the alphabet, 255 where it has none. */
const VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < BASE; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** Every two digits, by their value. */
const PAIRS = Array.from(
  { length: BASE ** 2 },
  (_, value) => ALPHABET[Math.floor(value / BASE)]! + ALPHABET[value % BASE]!,
)

/** How many base62 digits hold any value of that many bytes. */
export const base62Width = (byteLength: number): number => Math.ceil((byteLength * 8) / Math.log2(BASE))

/** Writes bytes as one big-endian number, with leading zeros up to the width of their length. */
export function encodeBase62(bytes: Uint8Array): string {
  const limbs = toLimbs(bytes)
  const width = base62Width(bytes.length)
  let text = ''
  let first = 0
  while (text.length < width) {
    let remainder = 0
    for (let index = first; index < limbs.length; index++) {
      const current = remainder * LIMB + limbs[index]!
      const quotient = Math.floor(current / CHUNK)
      limbs[index] = quotient
      // As `%`, which is slow for numbers of this size.
      remainder = current - quotient * CHUNK
    }
    while (limbs[first] === 0) first++
    text = encodeChunk(remainder) + text
  }
  return text.slice(-width)
}

/**
 * Reads what {@link encodeBase62} wrote. `null` for a wrong width, a character outside the alphabet,
 * or a number too large for that many bytes: no second text stands for the same bytes.
 */
export function decodeBase62(text: string, byteLength: number): Uint8Array | null {
  if (text.length !== base62Width(byteLength)) return null
  const limbs = new Array<number>(Math.ceil(byteLength / LIMB_BYTES)).fill(0)
  // The first chunk is the short one, so that the others are whole.
  let end = text.length % CHUNK_DIGITS || CHUNK_DIGITS
  for (let start = 0; start < text.length; start = end, end += CHUNK_DIGITS) {
    let carry = decodeDigits(text, start, end)
    if (carry < 0) return null
    for (let index = limbs.length - 1; index >= 0; index--) {
      const current = limbs[index]! * CHUNK + carry
      carry = Math.floor(current / LIMB)
      limbs[index] = current - carry * LIMB
    }
    if (carry !== 0) return null
  }
  return fromLimbs(limbs, byteLength)
}

/** The value of the digits in a part of a text; -1 if one of them is none. */
export function decodeDigits(text: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = VALUES[text.charCodeAt(at)] ?? 255
    if (digit === 255) return -1
    value = value * BASE + digit
  }
  return value
}

const encodeChunk = (value: number): string =>
  PAIRS[Math.floor(value / PAIRS.length)]! + PAIRS[value % PAIRS.length]!

/** As {@link encodeBase62} of the four bytes of a whole number below 2^32: six digits. */
export const encodeUint32 = (value: number): string =>
  PAIRS[Math.floor(value / CHUNK)]! + encodeChunk(value % CHUNK)

/** Limbs from the most significant to the least, padded in front. */
function toLimbs(bytes: Uint8Array): number[] {
  const limbs: number[] = []
  for (let end = bytes.length; end > 0; end -= LIMB_BYTES) {
    limbs.push(((bytes[end - 3] ?? 0) << 16) | ((bytes[end - 2] ?? 0) << 8) | bytes[end - 1]!)
  }
  return limbs.reverse()
}

/** `null` if the number needs more bytes. */
function fromLimbs(limbs: readonly number[], byteLength: number): Uint8Array | null {
  const padding = limbs.length * LIMB_BYTES - byteLength
  if (limbs[0]! >= 2 ** (24 - padding * 8)) return null
  const bytes = new Uint8Array(byteLength)
  for (let index = limbs.length - 1, end = byteLength; index >= 0; index--, end -= LIMB_BYTES) {
    const limb = limbs[index]!
    bytes[end - 1] = limb
    if (end > 1) bytes[end - 2] = limb >> 8
    if (end > 2) bytes[end - 3] = limb >> 16
  }
  return bytes
}
