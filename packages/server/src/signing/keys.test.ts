import { describe, expect, it } from 'vitest'
import type { InstanceId, KeyId } from '../core/ids.ts'
import { createKeyRing } from '../core/secrets/master-key.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { millis } from '../core/time.ts'
import { createKeys } from './keys.ts'
import { generateSigningKey, publicKeyOf, type KeyUse } from './signing-key.ts'

const HERE = 'ins_here' as InstanceId
const ELSEWHERE = 'ins_elsewhere' as InstanceId
const ring = createKeyRing(new Map([[1, new Uint8Array(32).fill(1)]]), 1, systemRandom)
const make = (instanceId: InstanceId, id: string, use: KeyUse) =>
  generateSigningKey(ring, { id: id as KeyId, instanceId, use, createdAt: millis(0) })

const newest = await make(HERE, 'kid_newest', 'token')
const first = await make(HERE, HERE, 'token')
const ticket = await make(HERE, 'tkt_here', 'ticket')
const foreign = await make(ELSEWHERE, ELSEWHERE, 'token')
const asked: string[] = []
const keys = createKeys({
  ring,
  read: {
    signingKeys: {
      async keysOf(instanceId) {
        asked.push(instanceId)
        return [newest, first, ticket, foreign].filter((key) => key.instanceId === instanceId)
      },
      notSealedUnder: async () => [],
    },
  },
})

describe('the key to sign with', () => {
  it('is the newest of the instance for that use', async () => {
    expect((await keys.signing(HERE, 'token')).id).toBe('kid_newest')
    expect((await keys.signing(HERE, 'ticket')).id).toBe('tkt_here')
    expect((await keys.signing(ELSEWHERE, 'token')).id).toBe(ELSEWHERE)
  })

  it('is never one for another use', async () => {
    await expect(keys.signing(ELSEWHERE, 'ticket')).rejects.toThrow('no signing key for a ticket')
  })
})

describe('the key to verify with', () => {
  it('is the one that is named, newest or not', async () => {
    for (const key of [newest, first]) {
      const found = await keys.verifying(HERE, 'token', key.id)
      expect(found!.equals(publicKeyOf(key))).toBe(true)
    }
  })

  // F11: stops a token of one instance from being checked with the key of another, which its kid names.
  it('is never that of another instance or use', async () => {
    expect(await keys.verifying(HERE, 'token', ELSEWHERE)).toBeNull()
    expect(await keys.verifying(ELSEWHERE, 'token', HERE)).toBeNull()
    expect(await keys.verifying(HERE, 'token', 'tkt_here')).toBeNull()
    expect(await keys.verifying(HERE, 'ticket', HERE)).toBeNull()
  })

  // A4: a kid is compared and nothing else: no file, no query and no object member comes of it.
  it.each([
    '',
    '__proto__',
    'constructor',
    'toString',
    '0',
    'length',
    '../../etc/passwd',
    "' or 1=1--",
    'ins_here\0',
    'INS_HERE',
    'ins_her\u0435',
    'x'.repeat(10_000),
  ])('is none for the kid %#', async (kid) => {
    asked.length = 0
    expect(await keys.verifying(HERE, 'token', kid)).toBeNull()
    expect(asked).toEqual([HERE])
  })

  it('is one of all the keys of the use where the token names none', async () => {
    const all = await keys.verifyingAll(HERE, 'token')
    expect(all.map((key) => [newest, first].findIndex((each) => publicKeyOf(each).equals(key)))).toEqual([
      0, 1,
    ])
    expect(await keys.verifyingAll(HERE, 'ticket')).toHaveLength(1)
    expect(await keys.verifyingAll('ins_nowhere' as InstanceId, 'token')).toEqual([])
  })
})
