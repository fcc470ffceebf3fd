import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { notFound } from '../../core/errors.ts'
import { secretKeyId, uuidOf, type IdSource, type MachineId } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import { formatSecret } from '../../core/secrets/secrets.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { after, type Clock, type Millis, type Seconds } from '../../core/time.ts'
import type { Machine, MachineSecretKey } from './machine.ts'
import type { MachineReader, MachineStore } from './store.ts'

export const MACHINE_SECRET_KEY_PREFIX = 'ak_'

/** The secret that a kept key stands for. Its tag has no owner: the key is how its holder says who it is. */
export const machineSecretOf = (ring: KeyRing, key: MachineSecretKey): string =>
  formatSecret(ring.macKeys, {
    prefix: MACHINE_SECRET_KEY_PREFIX,
    owner: null,
    id: uuidOf(key.id),
    keyId: key.macKeyId,
  })

export const newMachineSecretKey = (
  { ids, ring }: { ids: IdSource; ring: KeyRing },
  machine: Pick<Machine, 'id' | 'instanceId'>,
  now: Millis,
): MachineSecretKey => ({
  id: secretKeyId(ids.uuid()),
  machineId: machine.id,
  instanceId: machine.instanceId,
  macKeyId: ring.currentId,
  createdAt: now,
  expiresAt: null,
})

/** @throws {AuthorityError} `resource_not_found` */
export async function machineSecretKey(
  { read, ring }: Reads<{ machines: MachineReader }> & { ring: KeyRing },
  call: Call,
  id: MachineId,
): Promise<string> {
  const key = await read.machines.newestSecretKey(call.caller.instanceId, id)
  if (key === null) throw notFound({ noun: 'Machine', id })
  return machineSecretOf(ring, key)
}

export interface RotateDeps extends Transactions<{ machines: MachineStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
}

/**
 * Gives the machine a new key. The newest until now stays good for `overlap` (nothing: it ends at once);
 * keys replaced earlier keep the ends they were given then.
 *
 * @throws {AuthorityError} `resource_not_found`
 */
export function rotateMachineSecretKey(
  { transaction, clock, ids, ring }: RotateDeps,
  call: Call,
  id: MachineId,
  overlap: Seconds,
): Promise<string> {
  const now = clock.now()
  return transaction(async ({ machines, audit }) => {
    const previous = await machines.newestSecretKey(call.caller.instanceId, id)
    if (previous === null) throw notFound({ noun: 'Machine', id })
    const next = newMachineSecretKey({ ids, ring }, { id, instanceId: previous.instanceId }, now)
    await machines.expireSecretKey(previous.id, overlap === 0 ? now : after(now, overlap))
    await machines.insertSecretKey(next)
    await audit.record(eventOf(call, now, 'machine.rotate_secret_key', id, `overlap ${overlap} s`))
    return machineSecretOf(ring, next)
  })
}
