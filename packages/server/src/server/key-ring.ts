/** Opens the key ring for a database: checks that the master keys are its own, and seals anew what an older one sealed. */
import { eventOf } from '../audit/audit-event.ts'
import { createKeyRing, fingerprintOf, type KeyRing, type MasterKey } from '../core/secrets/master-key.ts'
import type { Random } from '../core/secrets/random.ts'
import type { Clock } from '../core/time.ts'
import { resealSigningKey } from '../signing/signing-key.ts'
import type { Storage } from '../storage/storage.ts'
import { ConfigError } from './config.ts'

export interface MasterKeys {
  readonly current: MasterKey
  readonly previous: readonly MasterKey[]
}

interface Ports {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
}

/** @throws {ConfigError} if the database was made with another master key */
export async function openKeyRing({ storage, clock, random }: Ports, keys: MasterKeys): Promise<KeyRing> {
  const known = await storage.read.masterKeys.list()
  const idOf = (key: MasterKey) => known.find(({ fingerprint }) => fingerprint === fingerprintOf(key))?.id
  const ring = new Map<number, MasterKey>()
  for (const key of [...keys.previous, keys.current]) {
    const id = idOf(key)
    if (id !== undefined) ring.set(id, key)
  }
  let currentId = idOf(keys.current)
  if (currentId === undefined) {
    // A new key may only follow one that is known: else it is the wrong one.
    if (known.length > 0 && ring.size === 0) {
      throw new ConfigError(
        'The master key is not the one this database was made with. If it replaces that one, give the old key in MINTMARK_PREVIOUS_MASTER_KEYS.',
      )
    }
    currentId = (known.at(-1)?.id ?? 0) + 1
    const entry = { id: currentId, fingerprint: fingerprintOf(keys.current), createdAt: clock.now() }
    const isFirst = await storage.transaction(({ masterKeys }) => masterKeys.insert(entry))
    // Another node has just started with this database, too: it may have the same key.
    if (!isFirst) return openKeyRing({ storage, clock, random }, keys)
    ring.set(currentId, keys.current)
  }
  const opened = createKeyRing(ring, currentId, random)
  await resealOlder({ storage, clock, random }, opened)
  return opened
}

/** After this, the current master key alone opens every signing key. Stopped halfway, the next start goes on. */
async function resealOlder({ storage, clock, random }: Ports, ring: KeyRing): Promise<void> {
  const older = await storage.read.signingKeys.notSealedUnder(ring.currentId)
  const missing = older.find(({ sealed }) => !ring.macKeys.has(sealed.keyId))
  if (missing !== undefined) {
    throw new ConfigError(
      'Signing keys are sealed under a master key that is not given: add it to MINTMARK_PREVIOUS_MASTER_KEYS.',
    )
  }
  for (const key of older) {
    const call = {
      caller: { kind: 'operator', instanceId: key.instanceId },
      address: null,
      traceId: Buffer.from(random.bytes(16)).toString('hex'),
    } as const
    await storage.transaction(async ({ signingKeys, audit }) => {
      await signingKeys.reseal(resealSigningKey(ring, key))
      await audit.record(eventOf(call, clock.now(), 'signing_key.reseal', key.id))
    })
  }
}
