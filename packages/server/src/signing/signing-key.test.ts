import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { InstanceId, KeyId } from '../core/ids.ts'
import { createKeyRing } from '../core/secrets/master-key.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { millis } from '../core/time.ts'
import { toJwks } from './jwks.ts'
import {
  generateSigningKey,
  privateKeyOf,
  publicKeyOf,
  publicPemOf,
  resealSigningKey,
} from './signing-key.ts'

const FIRST = new Uint8Array(32).fill(1)
const SECOND = new Uint8Array(32).fill(2)
const ring = createKeyRing(new Map([[1, FIRST]]), 1, systemRandom)
const name = {
  id: 'ins_a' as KeyId,
  instanceId: 'ins_a' as InstanceId,
  use: 'token',
  createdAt: millis(1),
} as const
const key = await generateSigningKey(ring, name)
const ticketKey = await generateSigningKey(ring, { ...name, id: 'tkt_a' as KeyId, use: 'ticket' })

describe('a signing key', () => {
  it('is what published clients verify: RSA-2048 with e = 65537', () => {
    expect(publicKeyOf(key).asymmetricKeyDetails).toEqual({ modulusLength: 2048, publicExponent: 65_537n })
    expect(key.alg).toBe('RS256')
  })

  it('has a private half that belongs to its public one', () => {
    expect(createPublicKey(privateKeyOf(ring, key)).equals(publicKeyOf(key))).toBe(true)
  })

  it('has the same public half in PEM', () => {
    expect(createPublicKey(publicPemOf(key)).equals(publicKeyOf(key))).toBe(true)
  })

  // Stops who can write to the database from signing for an instance with the key of another, or tokens with
  // a key for tickets.
  it.each([
    ['another instance', { instanceId: 'ins_b' as InstanceId }],
    ['another kid', { id: 'ins_b' as KeyId }],
    ['another use', { use: 'ticket' as const }],
    ['another master key number', { sealed: { ...key.sealed, keyId: 2 } }],
    ['the sealed half of another key', { sealed: ticketKey.sealed }],
  ])('does not open in a row that was given %s', (_what, change) => {
    expect(() => privateKeyOf(ring, { ...key, ...change })).toThrow()
  })

  it('keeps everything but the seal when it is sealed again, and then opens with the new key alone', () => {
    const both = createKeyRing(
      new Map([
        [1, FIRST],
        [2, SECOND],
      ]),
      2,
      systemRandom,
    )
    const resealed = resealSigningKey(both, key)
    expect({ ...resealed, sealed: key.sealed }).toEqual(key)
    const alone = createKeyRing(new Map([[2, SECOND]]), 2, systemRandom)
    expect(privateKeyOf(alone, resealed).equals(privateKeyOf(ring, key))).toBe(true)
    expect(() => privateKeyOf(alone, key)).toThrow()
  })
})

describe('the published keys', () => {
  // Stops a private member from ever getting into a JWKS by way of a spread.
  it('have public members only', () => {
    const { keys } = toJwks([key])
    expect(keys.map((each) => Object.keys(each).toSorted())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
    expect(keys[0]).toMatchObject({ kid: 'ins_a', use: 'sig', kty: 'RSA', alg: 'RS256', e: 'AQAB' })
  })
})
