import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { IdSource, InstanceId, KeyId } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { generateSigningKey } from '../../signing/signing-key.ts'
import type { SigningKeyStore } from '../../signing/store.ts'
import type { Instance } from './instance.ts'
import { instanceSecretOf, newInstanceSecretKey } from './secret-keys.ts'
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

export type NewInstance = Pick<Instance, 'name' | 'environment' | 'frontendOrigin'> &
  Partial<Pick<Instance, 'allowedOrigins' | 'signInUrl' | 'homeUrl'>>

/** Makes an instance with its secret key and its two signing keys. Only the operator can. */
export async function createInstance(
  { transaction, clock, ids, ring }: CreateInstanceDeps,
  asked: NewInstance,
  traceId: string,
): Promise<{ instance: Instance; secretKey: string }> {
  const createdAt = clock.now()
  const id = ids.next<InstanceId>('ins')
  const instance: Instance = {
    allowedOrigins: [],
    signInUrl: null,
    homeUrl: null,
    ...asked,
    id,
    tokensNotBefore: null,
    createdAt,
  }
  const key = newInstanceSecretKey({ ids, ring }, instance, createdAt)
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
