import { describe, expect, it } from 'vitest'
import type { InstanceId, KeyId } from '../core/ids.ts'
import { millis } from '../core/time.ts'
import { isPublished, pendingOf, signerOf, stateOfKey } from './key-life.ts'
import type { SigningKey } from './signing-key.ts'

type Life = Partial<Record<'activeFrom' | 'retiresAt' | 'revokedAt', number>> &
  Pick<Partial<SigningKey>, 'use'>

const aKey = (id: string, life: Life = {}): SigningKey => ({
  id: id as KeyId,
  instanceId: 'ins_a' as InstanceId,
  use: 'token',
  alg: 'RS256',
  publicKey: { n: 'n', e: 'AQAB' },
  sealed: { keyId: 1, box: Uint8Array.of() },
  createdAt: millis(0),
  tokensNotBefore: null,
  ...({ activeFrom: 0, retiresAt: null, revokedAt: null, ...life } as Pick<
    SigningKey,
    'activeFrom' | 'retiresAt' | 'revokedAt'
  >),
})

/** A rotation from the first key to the second, newest first. */
const first = aKey('first', { retiresAt: 200 })
const second = aKey('second', { activeFrom: 100 })
const rotation = [second, first]
const at = (now: number) => ({
  signer: signerOf(rotation, 'token', millis(now))?.id,
  pending: pendingOf(rotation, millis(now))?.id,
  published: rotation.filter((key) => isPublished(key, millis(now))).map(({ id }) => id),
  states: rotation.map((key) => stateOfKey(key, rotation, millis(now))),
})

describe('a rotation', () => {
  it('has the new key published and the old one sign until the new one’s own millisecond', () => {
    for (const now of [0, 99]) {
      expect(at(now)).toEqual({
        signer: 'first',
        pending: 'second',
        published: ['second', 'first'],
        states: ['next', 'active'],
      })
    }
  })

  it('has the new one sign from then on and the old one published until it retires', () => {
    for (const now of [100, 199]) {
      expect(at(now)).toEqual({
        signer: 'second',
        pending: undefined,
        published: ['second', 'first'],
        states: ['active', 'retiring'],
      })
    }
    for (const now of [200, 1e12]) {
      expect(at(now)).toEqual({
        signer: 'second',
        pending: undefined,
        published: ['second'],
        states: ['active', 'retired'],
      })
    }
  })
})

describe('the key that signs', () => {
  it('is the newer of two from the same moment', () => {
    expect(signerOf([aKey('newer'), aKey('older')], 'token', millis(0))!.id).toBe('newer')
  })

  it('is never one that is revoked or has retired, or one for another use', () => {
    const keys = [
      aKey('revoked', { activeFrom: 5, revokedAt: 6 }),
      aKey('retired', { activeFrom: 4, retiresAt: 7 }),
      aKey('ticket', { activeFrom: 3, use: 'ticket' }),
      aKey('good', { activeFrom: 1 }),
    ]
    expect(signerOf(keys, 'token', millis(7))!.id).toBe('good')
    expect(signerOf(keys, 'ticket', millis(7))!.id).toBe('ticket')
    expect(signerOf(keys.slice(0, 2), 'token', millis(7))).toBeNull()
  })

  // Stops a clock that is set back from leaving an instance with no key to sign with.
  it('is the one whose time comes first where the time of none has come', () => {
    const keys = [aKey('later', { activeFrom: 300 }), aKey('sooner', { activeFrom: 200 })]
    const now = millis(100)
    expect(signerOf(keys, 'token', now)!.id).toBe('sooner')
    expect(pendingOf(keys, now)!.id).toBe('later')
    expect(keys.map((key) => stateOfKey(key, keys, now))).toEqual(['next', 'active'])
  })
})

describe('a revoked key', () => {
  it('is revoked whatever else it was, and from the moment that is recorded', () => {
    for (const life of [{}, { activeFrom: 100 }, { retiresAt: 5 }]) {
      const revoked = aKey('revoked', { ...life, revokedAt: 50 })
      // A clock that is set back does not bring it back.
      for (const now of [0, 50, 1_000]) {
        expect(isPublished(revoked, millis(now))).toBe(false)
        expect(stateOfKey(revoked, [revoked, aKey('other')], millis(now))).toBe('revoked')
        expect(pendingOf([revoked, aKey('other')], millis(now))).toBeNull()
      }
    }
  })
})
