import { describe, expect, it } from 'vitest'
import { base62Width, decodeBase62, encodeBase62, encodeUint32 } from './base62.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Lengths that ids, secrets and checksums have, and their neighbours. */
const LENGTHS = [1, 2, 3, 4, 5, 16, 20, 33, 64]

/** Bytes at the edges of what a length can hold, and one in the middle of it. */
const corners = (length: number): Uint8Array[] => [
  new Uint8Array(length),
  new Uint8Array(length).fill(255),
  new Uint8Array(length).fill(1, length - 1),
  new Uint8Array(length).fill(128, 0, 1),
  Uint8Array.from({ length }, (_, index) => (index * 37 + 11) & 255),
]

describe('base62', () => {
  it.each(LENGTHS)('gives back the same %i bytes', (length) => {
    for (const bytes of corners(length)) expect(decodeBase62(encodeBase62(bytes), length)).toEqual(bytes)
  })

  it('gives back every pair of bytes', () => {
    for (let value = 0; value < 65_536; value++) {
      const bytes = Uint8Array.of(value >> 8, value & 255)
      expect(decodeBase62(encodeBase62(bytes), 2)).toEqual(bytes)
    }
  })

  it.each(LENGTHS)('writes any %i bytes in one width', (length) => {
    const widths = corners(length).map((bytes) => encodeBase62(bytes).length)
    expect(new Set(widths)).toEqual(new Set([base62Width(length)]))
  })

  it('has the widths that ids and secrets are documented with', () => {
    expect([4, 20, 33].map(base62Width)).toEqual([6, 27, 45])
  })

  it('writes a number as the four bytes of it', () => {
    for (const value of [0, 1, 61, 62, 3_843, 3_844, 2 ** 24, 14_776_335, 14_776_336, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      expect(encodeUint32(value)).toBe(encodeBase62(bytes))
    }
  })

  it('leaves the bytes it was given as they were', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    encodeBase62(bytes)
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('sorts as the bytes do', () => {
    const values = Array.from({ length: 300 }, (_, index) => Uint8Array.of(index >> 8, index & 255, 200, 7))
    const texts = values.map(encodeBase62)
    expect(texts.toSorted()).toEqual(texts)
  })
})

// A second text for the same bytes would be a second name for one token: a revocation, a cache or a
// replay check that goes by the text would miss it.
describe('reading base62 canonically', () => {
  it('reads exactly as many three-digit texts as there are pairs of bytes', () => {
    let read = 0
    for (const a of ALPHABET) {
      for (const b of ALPHABET) for (const c of ALPHABET) if (decodeBase62(a + b + c, 2) !== null) read++
    }
    expect(read).toBe(65_536)
  })

  it.each(LENGTHS)('refuses the number after the largest that %i bytes hold', (length) => {
    const largest = [...encodeBase62(new Uint8Array(length).fill(255))]
    const last = largest.findLastIndex((digit) => digit !== 'z')
    largest[last] = ALPHABET[ALPHABET.indexOf(largest[last]!) + 1]!
    largest.fill('0', last + 1)
    expect(decodeBase62(largest.join(''), length)).toBeNull()
  })

  it.each(LENGTHS)('refuses a text that is not as wide as %i bytes are', (length) => {
    const text = encodeBase62(new Uint8Array(length))
    for (const other of ['', text.slice(1), `0${text}`, `${text}0`]) {
      expect(decodeBase62(other, length)).toBeNull()
    }
  })

  it.each([
    ['a space', ' '],
    ['a dash', '-'],
    ['an underscore', '_'],
    ['a plus', '+'],
    ['the character before 0', '/'],
    ['the character after 9', ':'],
    ['the character before A', '@'],
    ['the character after Z', '['],
    ['the character before a', '`'],
    ['the character after z', '{'],
    ['a NUL', '\0'],
    ['DEL', '\x7f'],
    ['the first character past ASCII', '\x80'],
    ['a full-width zero', '\uff10'],
    ['a character whose low byte is a digit', '\u0130'],
  ])('refuses %s at any place', (_name, character) => {
    const text = encodeBase62(Uint8Array.of(1, 2, 3, 4))
    for (let at = 0; at < text.length; at++) {
      expect(decodeBase62(text.slice(0, at) + character + text.slice(at + 1), 4)).toBeNull()
    }
  })
})
