import { beforeEach, describe, expect, it } from 'vitest'
import type { InstanceId, KeyId } from '../core/ids.ts'
import { createKeyRing } from '../core/secrets/master-key.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { millis } from '../core/time.ts'
import { createKeys } from './keys.ts'
import { generateSigningKey, publicKeyOf, type KeyUse, type SigningKey } from './signing-key.ts'

const HERE = 'ins_here' as InstanceId
const ELSEWHERE = 'ins_elsewhere' as InstanceId
const ring = createKeyRing(new Map([[1, new Uint8Array(32).fill(1)]]), 1, systemRandom)
const make = (instanceId: InstanceId, id: string, use: KeyUse) =>
  generateSigningKey(ring, { id: id as KeyId, instanceId, use, createdAt: millis(0) })

const MADE = millis(0)
const ACTIVE = millis(100)
const OVER = millis(200)
const newest = { ...(await make(HERE, 'kid_newest', 'token')), activeFrom: ACTIVE }
const first = { ...(await make(HERE, HERE, 'token')), retiresAt: OVER }
const ticket = await make(HERE, 'tkt_here', 'ticket')
const foreign = await make(ELSEWHERE, ELSEWHERE, 'token')
const asked: string[] = []
/** Rows that somebody else has written. */
let planted: SigningKey[] = []
beforeEach(() => (planted = []))
let now = ACTIVE
beforeEach(() => (now = ACTIVE))
const keys = createKeys({
  ring,
  clock: { now: () => now },
  read: {
    signingKeys: {
      async keysOf(instanceId) {
        asked.push(instanceId)
        return [...planted, newest, first, ticket, foreign].filter((key) => key.instanceId === instanceId)
      },
      historyOf: async () => [],
      notSealedUnder: async () => [],
    },
  },
})

describe('the key to sign with', () => {
  it('is that of the instance for that use whose time has come last', async () => {
    now = millis(ACTIVE - 1)
    expect((await keys.signing(HERE, 'token')).id).toBe(HERE)
    now = ACTIVE
    expect((await keys.signing(HERE, 'token')).id).toBe('kid_newest')
    expect((await keys.signing(HERE, 'ticket')).id).toBe('tkt_here')
    expect((await keys.signing(ELSEWHERE, 'token')).id).toBe(ELSEWHERE)
  })

  it('is never one for another use', async () => {
    await expect(keys.signing(ELSEWHERE, 'ticket')).rejects.toThrow('no signing key for a ticket')
  })
})

describe('the key to verify with', () => {
  it('is the one that is named, signing or not', async () => {
    for (now of [MADE, ACTIVE, millis(OVER - 1)]) {
      for (const key of [newest, first]) {
        const found = await keys.verifying(HERE, 'token', key.id)
        expect(found!.key.equals(publicKeyOf(key))).toBe(true)
      }
    }
  })

  // A4: stops what an old key signed, or whoever still has that key, from being believed for ever.
  it('is none that has retired', async () => {
    now = OVER
    expect(await keys.verifying(HERE, 'token', first.id)).toBeNull()
    expect(await keys.verifying(HERE, 'token', newest.id)).not.toBeNull()
    expect(await keys.verifyingAll(HERE, 'token')).toHaveLength(1)
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

describe('the keys that are published', () => {
  // Stops a client from taking an actor's ticket for a session.
  it('are those for tokens that are good now or soon', async () => {
    expect(await keys.published(HERE)).toEqual([newest, first])
    now = OVER
    expect(await keys.published(HERE)).toEqual([newest])
  })
})

// Stops whoever can write to the database, or to a backup of it, from having his own signatures believed.
describe('a key that the authority has not made', () => {
  const other = createKeyRing(new Map([[1, new Uint8Array(32).fill(2)]]), 1, systemRandom)
  it.each([
    [
      'sealed under another master key',
      async () => generateSigningKey(other, { ...first, id: 'kid_x' as KeyId }),
    ],
    [
      'with bytes in the place of its private half',
      async () => ({ ...first, sealed: { keyId: 1, box: Uint8Array.of(1, 2, 3) } }),
    ],
    ['with another public half', async () => ({ ...first, publicKey: foreign.publicKey })],
    ['that was one of another instance', async () => ({ ...foreign, instanceId: HERE })],
    ['that was one for tickets', async () => ({ ...ticket, use: 'token' as const })],
    ['that had another name', async () => ({ ...first, id: 'kid_x' as KeyId })],
  ])('%s is neither published nor believed', async (_what, plant) => {
    const key = await plant()
    planted = [key]
    expect((await keys.published(HERE)).includes(key)).toBe(false)
    const found = await keys.verifying(HERE, 'token', 'kid_x')
    expect(found).toBeNull()
    for (const believed of await keys.verifyingAll(HERE, 'token')) {
      expect([newest, first].some((own) => believed.equals(publicKeyOf(own)))).toBe(true)
    }
  })
})
