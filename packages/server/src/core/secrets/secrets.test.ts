import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeBase62, encodeBase62 } from './base62.ts'
import { m2mTokenId, type InstanceId } from '../ids.ts'
import { createKeyRing } from './master-key.ts'
import { systemRandom } from './random.ts'
import {
  createSecretReader,
  formatSecret,
  parseSecret,
  SECRET_PATTERN,
  SECRET_WIDTH,
  type SecretName,
} from './secrets.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PREFIXES = ['mt_', 'ak_', 'sk_test_', 'sk_live_', 'c_'] as const
const HERE = 'ins_here' as InstanceId
const ELSEWHERE = 'ins_elsewhere' as InstanceId
const OWNERS = [HERE, ELSEWHERE, null]

const masterKeys = [1, 2, 255].map((id) => [id, new Uint8Array(32).fill(id)] as const)
const { macKeys } = createKeyRing(new Map(masterKeys), 1, systemRandom)
const id = Uint8Array.from({ length: 16 }, (_, index) => index * 16 + 7)

const named = (name: Partial<SecretName> = {}): SecretName => ({
  prefix: 'mt_',
  owner: HERE,
  id,
  keyId: 1,
  ...name,
})

/** Puts the right checksum behind a text, as anybody can. */
function withChecksum(text: string): string {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, crc32(text))
  return text + encodeBase62(bytes)
}

describe('a secret', () => {
  it.each(PREFIXES)('with %s is read back as the name it was made of', (prefix) => {
    for (const owner of OWNERS) {
      for (const keyId of [1, 2, 255]) {
        const name = named({ prefix, owner, keyId })
        expect(parseSecret(macKeys, prefix, owner, formatSecret(macKeys, name))).toEqual(name)
      }
    }
  })

  it.each(PREFIXES)('with %s is the same each time it is derived', (prefix) => {
    const name = named({ prefix })
    expect(formatSecret(macKeys, name)).toBe(formatSecret(macKeys, { ...name }))
  })

  it.each(PREFIXES)('with %s has one length and is found by scanners', (prefix) => {
    const secret = formatSecret(macKeys, named({ prefix }))
    expect(secret).toHaveLength(prefix.length + SECRET_WIDTH)
    const presented = prefix === 'c_' ? `1767225600-${secret}` : secret
    expect(SECRET_PATTERN.exec(`KEY="${presented}", and more`)?.[0]).toBe(presented)
    expect(SECRET_PATTERN.test(`${presented}0`)).toBe(false)
    expect(SECRET_PATTERN.test(presented.slice(0, -1))).toBe(false)
  })
})

describe('a reader that remembers', () => {
  const secret = formatSecret(macKeys, named())

  const proven = (name: SecretName | null) => name && { id: m2mTokenId(name.id), macKeyId: name.keyId }

  it('gives the same id the first time, the second time, and once it has forgotten', () => {
    const read = createSecretReader(macKeys, 4)
    const others = Array.from({ length: 20 }, (_, last) =>
      formatSecret(macKeys, named({ id: Uint8Array.from(id).fill(last, 15) })),
    )
    for (let round = 0; round < 3; round++) {
      expect(read('mt_', HERE, secret)).toEqual(proven(named()))
      expect(read('mt_', HERE, secret)).toEqual(proven(named()))
      for (const other of others)
        expect(read('mt_', HERE, other)).toEqual(proven(parseSecret(macKeys, 'mt_', HERE, other)))
    }
  })

  // Stops what was proven for one instance or kind from being taken as proven for another.
  it('remembers a secret for its own prefix and owner only', () => {
    const read = createSecretReader(macKeys, 100)
    expect(read('mt_', HERE, secret)).not.toBeNull()
    expect(read('mt_', ELSEWHERE, secret)).toBeNull()
    expect(read('mt_', null, secret)).toBeNull()
    expect(read('ak_', HERE, secret)).toBeNull()
    expect(read('ak_', null, secret)).toBeNull()
    expect(read('mt_', HERE, secret)).not.toBeNull()
  })

  it('never comes to accept what it refused', () => {
    const read = createSecretReader(macKeys, 100)
    const wrong = swapped(secret, 20)
    for (let count = 0; count < 5; count++) expect(read('mt_', HERE, wrong)).toBeNull()
  })
})

// Stops guessing: nothing near a good secret is one, so a typo or a probe costs no look-up.
describe('a secret that was changed', () => {
  const edits: readonly [string, (text: string, at: number) => readonly string[]][] = [
    [
      'with one character replaced',
      (text, at) =>
        [...`${ALPHABET}_- .=`]
          .filter((character) => character !== text[at])
          .map((character) => text.slice(0, at) + character + text.slice(at + 1)),
    ],
    [
      'with one character inserted',
      (text, at) =>
        [...`${ALPHABET}_- .=`].map((character) => text.slice(0, at) + character + text.slice(at)),
    ],
    ['with one character removed', (text, at) => [text.slice(0, at) + text.slice(at + 1)]],
    ['with two neighbours swapped', (text, at) => [swapped(text, at)].filter((other) => other !== text)],
    ['with everything after a place cut off', (text, at) => [text.slice(0, at)]],
  ]

  for (const prefix of PREFIXES) {
    it.each(edits)(`and has ${prefix} is not accepted %s`, (_name, edit) => {
      const secret = formatSecret(macKeys, named({ prefix }))
      const read = createSecretReader(macKeys, 100)
      expect(read(prefix, HERE, secret)).not.toBeNull()
      for (let at = 0; at < secret.length; at++) {
        for (const other of edit(secret, at)) {
          expect(parseSecret(macKeys, prefix, HERE, other)).toBeNull()
          expect(read(prefix, HERE, other)).toBeNull()
        }
      }
    })
  }

  it.each(['\n', ' ', '\0', '=', '\u200b'])('is not accepted with %j around it', (character) => {
    const secret = formatSecret(macKeys, named())
    expect(parseSecret(macKeys, 'mt_', HERE, secret + character)).toBeNull()
    expect(parseSecret(macKeys, 'mt_', HERE, character + secret)).toBeNull()
  })
})

// Stops a forger who knows the format, and so can write a right checksum, but not the master key.
describe('a forged secret', () => {
  const body = decodeBase62(formatSecret(macKeys, named()).slice('mt_'.length, -6), 33)!

  it('is not accepted with any one bit of its key number, id or tag flipped and the checksum put right', () => {
    for (let bit = 0; bit < body.length * 8; bit++) {
      const forged = Uint8Array.from(body)
      forged[bit >> 3]! ^= 1 << (bit & 7)
      expect(parseSecret(macKeys, 'mt_', HERE, withChecksum(`mt_${encodeBase62(forged)}`))).toBeNull()
    }
    expect(parseSecret(macKeys, 'mt_', HERE, withChecksum(`mt_${encodeBase62(body)}`))).not.toBeNull()
  })

  it('is not accepted under the number of another key of the ring', () => {
    for (const keyId of [2, 255]) {
      const forged = Uint8Array.from(body)
      forged[0] = keyId
      expect(parseSecret(macKeys, 'mt_', HERE, withChecksum(`mt_${encodeBase62(forged)}`))).toBeNull()
    }
  })

  it('is not accepted when another master key made it, whatever number it names', () => {
    const stranger = createKeyRing(new Map([[1, new Uint8Array(32).fill(9)]]), 1, systemRandom)
    expect(parseSecret(macKeys, 'mt_', HERE, formatSecret(stranger.macKeys, named()))).toBeNull()
  })

  it('is not accepted under a key that has left the ring', () => {
    const left = new Map([...macKeys].filter(([keyId]) => keyId !== 2))
    expect(parseSecret(left, 'mt_', HERE, formatSecret(macKeys, named({ keyId: 2 })))).toBeNull()
  })
})

// Stops a secret of one kind or instance from being presented as one of another.
describe('a good secret in the wrong place', () => {
  it.each(PREFIXES)('with %s is not accepted as one of another prefix, relabelled or not', (prefix) => {
    for (const owner of OWNERS) {
      const secret = formatSecret(macKeys, named({ prefix, owner }))
      for (const other of PREFIXES.filter((each) => each !== prefix)) {
        const relabelled = withChecksum(other + secret.slice(prefix.length, -6))
        expect(parseSecret(macKeys, other, owner, secret)).toBeNull()
        expect(parseSecret(macKeys, other, owner, relabelled)).toBeNull()
      }
    }
  })

  it.each(PREFIXES)('with %s is not accepted for another owner', (prefix) => {
    for (const owner of OWNERS) {
      const secret = formatSecret(macKeys, named({ prefix, owner }))
      for (const other of OWNERS.filter((each) => each !== owner)) {
        expect(parseSecret(macKeys, prefix, other, secret)).toBeNull()
      }
    }
  })
})

describe('garbage', () => {
  it.each([
    ['nothing', ''],
    ['the prefix alone', 'mt_'],
    ['an id', `mt_${'0'.repeat(32)}`],
    ['zeros with a right checksum', withChecksum(`mt_${'0'.repeat(45)}`)],
    ['the largest digits', `mt_${'z'.repeat(51)}`],
    ['text of the right length past ASCII', `mt_${'\u0661'.repeat(51)}`],
    ['a lone surrogate', `mt_${'0'.repeat(50)}\ud800`],
    ['a NUL', `mt_${'0'.repeat(50)}\0`],
    ['another case of the prefix', formatSecret(macKeys, named()).replace('mt_', 'MT_')],
    ['a megabyte', `mt_${'0'.repeat(1_000_000)}`],
  ])('such as %s is not accepted', (_name, presented) => {
    expect(parseSecret(macKeys, 'mt_', HERE, presented)).toBeNull()
  })
})

function swapped(text: string, at: number): string {
  return text.slice(0, at) + (text[at + 1] ?? '') + text[at]! + text.slice(at + 2)
}
