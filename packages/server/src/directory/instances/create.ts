import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import { secretKeyId, uuidOf, type IdSource, type InstanceId, type KeyId } from '../../core/ids.ts'
import type { KeyRing } from '../../core/master-key.ts'
import { formatSecret } from '../../core/secrets.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { generateSigningKey } from '../../signing/signing-key.ts'
import type { SigningKeyStore } from '../../signing/store.ts'
import { SECRET_KEY_PREFIXES, type Instance, type InstanceSecretKey } from './instance.ts'
import type { InstanceStore } from './store.ts'

export interface CreateInstanceDeps extends Transactions<{
  instances: InstanceStore
  signingKeys: SigningKeyStore
  audit: AuditLog
}> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
}

/** The secret that a kept key stands for. */
export const instanceSecretOf = (ring: KeyRing, key: InstanceSecretKey): string =>
  formatSecret(ring.macKeys, {
    prefix: SECRET_KEY_PREFIXES[key.environment],
    owner: null,
    id: uuidOf(key.id),
    keyId: key.macKeyId,
  })

/** Makes an instance with its secret key and its two signing keys. Only the operator can. */
export async function createInstance(
  { transaction, clock, ids, ring }: CreateInstanceDeps,
  { name, environment, frontendOrigin }: Pick<Instance, 'name' | 'environment' | 'frontendOrigin'>,
  traceId: string,
): Promise<{ instance: Instance; secretKey: string }> {
  const createdAt = clock.now()
  const id = ids.next<InstanceId>('ins')
  const instance: Instance = { id, name, environment, frontendOrigin, createdAt }
  const key: InstanceSecretKey = {
    id: secretKeyId(ids.uuid()),
    instanceId: id,
    environment,
    macKeyId: ring.currentId,
    createdAt,
  }
  // Published clients know the first key of an instance by the instance's own id.
  const first = id as string as KeyId
  const signingKeys = await Promise.all([
    generateSigningKey(ring, { id: first, instanceId: id, use: 'token', createdAt }),
    generateSigningKey(ring, { id: ids.next<KeyId>('tkt'), instanceId: id, use: 'ticket', createdAt }),
  ])
  const call = { caller: { kind: 'operator', instanceId: id }, address: null, traceId } as const
  await transaction(async (stores) => {
    await stores.instances.insert(instance)
    await stores.instances.insertSecretKey(key)
    await stores.audit.record(eventOf(call, createdAt, 'instance.create', id))
    await stores.audit.record(eventOf(call, createdAt, 'instance_key.create', key.id))
    for (const signingKey of signingKeys) {
      await stores.signingKeys.insert(signingKey)
      await stores.audit.record(eventOf(call, createdAt, 'signing_key.create', signingKey.id))
    }
  })
  return { instance, secretKey: instanceSecretOf(ring, key) }
}
