import { describe, expect, it } from 'vitest'
import {
  createKeyRing,
  fingerprintOf,
  parseMasterKey,
  type KeyRing,
  type Sealed,
  type Sealer,
} from './master-key.ts'
import { systemRandom } from './random.ts'

const FIRST = new Uint8Array(32).fill(1)
const SECOND = new Uint8Array(32).fill(2)
const plain = new TextEncoder().encode('a private key')
const ring = createKeyRing(new Map([[1, FIRST]]), 1, systemRandom)

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const changed = Uint8Array.from(bytes)
  changed[bit >> 3]! ^= 1 << (bit & 7)
  return changed
}

describe.each([
  ['sealing', (of: KeyRing): Sealer => of],
  ['sealing of answers', (of: KeyRing): Sealer => of.answers],
])('%s', (_name, sealerOf) => {
  const sealer = sealerOf(ring)

  it('gives back what was sealed, in the context it was sealed for', () => {
    expect(Uint8Array.from(sealer.open(sealer.seal(plain, 'here'), 'here'))).toEqual(plain)
  })

  it('seals nothing at all too', () => {
    expect(sealer.open(sealer.seal(new Uint8Array(0), 'here'), 'here')).toHaveLength(0)
  })

  it('never seals twice under one nonce', () => {
    const nonces = Array.from({ length: 200 }, () => sealer.seal(plain, 'here').box.subarray(0, 12).join())
    expect(new Set(nonces).size).toBe(200)
  })

  it('shows nothing of what it sealed', () => {
    expect(Buffer.from(sealer.seal(plain, 'here').box).includes(Buffer.from(plain))).toBe(false)
  })

  // Stops who can write to the database from giving one instance the signing key of another.
  it.each(['', 'her', 'here ', 'Here', 'here\0', 'there'])('does not open in the context %j', (context) => {
    expect(() => sealer.open(sealer.seal(plain, 'here'), context)).toThrow()
  })

  // Stops a changed database from making the authority sign with a key of somebody's choice.
  it('does not open with any one bit of the box changed', () => {
    const { keyId, box } = sealer.seal(plain, 'here')
    for (let bit = 0; bit < box.length * 8; bit++) {
      expect(() => sealer.open({ keyId, box: flipped(box, bit) }, 'here')).toThrow()
    }
  })

  it('does not open when cut to any length', () => {
    const { keyId, box } = sealer.seal(plain, 'here')
    for (let length = 0; length < box.length; length++) {
      expect(() => sealer.open({ keyId, box: box.subarray(0, length) }, 'here')).toThrow()
    }
  })

  it('does not open under another master key of the same number', () => {
    const other = createKeyRing(new Map([[1, SECOND]]), 1, systemRandom)
    expect(() => sealerOf(other).open(sealer.seal(plain, 'here'), 'here')).toThrow()
  })

  it('opens what a replaced key sealed, and nothing under a key it does not have', () => {
    const keys = new Map([
      [1, FIRST],
      [2, SECOND],
    ])
    const rotated = sealerOf(createKeyRing(keys, 2, systemRandom))
    expect(Uint8Array.from(rotated.open(sealer.seal(plain, 'here'), 'here'))).toEqual(plain)
    expect(() => sealer.open(rotated.seal(plain, 'here'), 'here')).toThrow(
      'Master key 2 is not in the key ring.',
    )
  })
})

// Stops who can write to the database from having a signing key read as an answer, and shown.
it('opens an answer as nothing else, and nothing else as an answer', () => {
  expect(() => ring.open(ring.answers.seal(plain, 'here'), 'here')).toThrow()
  expect(() => ring.answers.open(ring.seal(plain, 'here'), 'here')).toThrow()
})

describe('a ring with a replaced key', () => {
  const rotated = createKeyRing(
    new Map([
      [1, FIRST],
      [2, SECOND],
    ]),
    2,
    systemRandom,
  )

  it('opens what the replaced key sealed, and seals under the current one', () => {
    expect(Uint8Array.from(rotated.open(ring.seal(plain, 'here'), 'here'))).toEqual(plain)
    expect(rotated.seal(plain, 'here').keyId).toBe(2)
  })

  it('does not open a box that names the other key', () => {
    const sealed: Sealed = { ...ring.seal(plain, 'here'), keyId: 2 }
    expect(() => rotated.open(sealed, 'here')).toThrow()
  })

  it('names the number of a key it does not have, and nothing else', () => {
    expect(() => ring.open({ ...ring.seal(plain, 'here'), keyId: 7 }, 'here')).toThrow(
      'Master key 7 is not in the key ring.',
    )
  })
})

describe('a fingerprint', () => {
  it('is the same for the same key and another for another', () => {
    expect(fingerprintOf(FIRST)).toBe(fingerprintOf(Uint8Array.from(FIRST)))
    expect(fingerprintOf(FIRST)).not.toBe(fingerprintOf(SECOND))
    expect(fingerprintOf(FIRST)).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('reading a master key', () => {
  const key = Buffer.from(systemRandom.bytes(32))
  // Holds both characters that base64 and base64url write differently.
  const mixed = Buffer.alloc(32, 0xfb)

  it.each([
    ['hex', key.toString('hex')],
    ['hex in capitals', key.toString('hex').toUpperCase()],
    ['base64', key.toString('base64')],
    ['base64 without padding', key.toString('base64').replace('=', '')],
    ['base64url', key.toString('base64url')],
    ['base64url with padding', `${key.toString('base64url')}=`],
    ['a line with its end', `${key.toString('hex')}\n`],
    ['a line with spaces around', `  ${key.toString('base64')}\r\n`],
  ])('reads %s', (_name, text) => {
    expect(parseMasterKey(text)).toEqual(key)
  })

  it('reads the characters that base64 and base64url do not share', () => {
    expect(parseMasterKey(mixed.toString('base64'))).toEqual(mixed)
    expect(parseMasterKey(mixed.toString('base64url'))).toEqual(mixed)
  })

  // Stops a slip from making a weak key that looks like one: what is cut short must not be filled up.
  it.each([
    ['nothing', ''],
    ['a pass phrase', 'correct horse battery staple'],
    ['one hex digit too few', key.toString('hex').slice(1)],
    ['one hex digit too many', `${key.toString('hex')}0`],
    ['31 bytes in base64', key.subarray(1).toString('base64')],
    ['33 bytes in base64', Buffer.concat([key, key.subarray(0, 1)]).toString('base64')],
    ['two padding characters', `${key.toString('base64')}=`],
    ['a space inside', `${key.toString('hex').slice(0, 32)} ${key.toString('hex').slice(32)}`],
    ['two lines', `${key.toString('hex')}\n${key.toString('hex')}`],
    ['quotes', `"${key.toString('hex')}"`],
    ['a character outside the alphabet', `${key.toString('base64').slice(0, 42)}*`],
  ])('does not read %s', (_name, text) => {
    expect(parseMasterKey(text)).toBeNull()
  })
})
