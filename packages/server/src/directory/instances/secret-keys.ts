import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import { secretKeyId, uuidOf, type IdSource } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import { formatSecret } from '../../core/secrets/secrets.ts'
import type { Transactions } from '../../core/stores.ts'
import { after, type Clock, type Millis, type Seconds } from '../../core/time.ts'
import { SECRET_KEY_PREFIXES, type Instance, type InstanceSecretKey } from './instance.ts'
import type { InstanceStore } from './store.ts'

/** The secret that a kept key stands for. Its tag has no owner: the key is how its holder says who it is. */
export const instanceSecretOf = (ring: KeyRing, key: InstanceSecretKey): string =>
  formatSecret(ring.macKeys, {
    prefix: SECRET_KEY_PREFIXES[key.environment],
    owner: null,
    id: uuidOf(key.id),
    keyId: key.macKeyId,
  })

export const newInstanceSecretKey = (
  { ids, ring }: { ids: IdSource; ring: KeyRing },
  { id, environment }: Pick<Instance, 'id' | 'environment'>,
  now: Millis,
): InstanceSecretKey => ({
  id: secretKeyId(ids.uuid()),
  instanceId: id,
  environment,
  macKeyId: ring.currentId,
  createdAt: now,
  expiresAt: null,
})

export interface RotateInstanceSecretKeyDeps extends Transactions<{
  instances: InstanceStore
  audit: AuditLog
}> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
}

/** Gives the instance a new key. Every key until now ends after `overlap`, or sooner if it was to. Only the operator can. */
export async function rotateInstanceSecretKey(
  { transaction, clock, ids, ring }: RotateInstanceSecretKeyDeps,
  instance: Instance,
  overlap: Seconds,
  traceId: string,
): Promise<string> {
  const now = clock.now()
  const next = newInstanceSecretKey({ ids, ring }, instance, now)
  const call = { caller: { kind: 'operator', instanceId: instance.id }, address: null, traceId } as const
  await transaction(async ({ instances, audit }) => {
    await instances.expireSecretKeys(instance.id, overlap === 0 ? now : after(now, overlap))
    await instances.insertSecretKey(next)
    await audit.record(eventOf(call, now, 'instance_key.rotate', next.id, `overlap ${overlap} s`))
  })
  return instanceSecretOf(ring, next)
}
