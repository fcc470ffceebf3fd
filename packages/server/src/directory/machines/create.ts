import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { invalidParam, notFound } from '../../core/errors.ts'
import type { IdSource, MachineId } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock, Seconds } from '../../core/time.ts'
import type { Machine } from './machine.ts'
import { machineSecretOf, newMachineSecretKey } from './secret-keys.ts'
import type { MachineStore } from './store.ts'

export interface NewMachine {
  readonly name: string
  readonly scopes: readonly MachineId[]
  readonly defaultTokenTtl: Seconds | null
}

export interface CreateMachineDeps extends Transactions<{ machines: MachineStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
}

/**
 * Makes a machine and its first secret key.
 *
 * @throws {AuthorityError} `resource_not_found` for a scope the instance does not have,
 *   `form_param_duplicate` for one given twice
 */
export function createMachine(
  { transaction, clock, ids, ring }: CreateMachineDeps,
  call: Call,
  { name, scopes, defaultTokenTtl }: NewMachine,
): Promise<{ machine: Machine; secretKey: string }> {
  const { instanceId } = call.caller
  const now = clock.now()
  if (new Set(scopes).size !== scopes.length) {
    throw invalidParam('form_param_duplicate', 'scoped_machines', 'A machine is named more than once.')
  }
  return transaction(async ({ machines, audit }) => {
    const known = new Set((await machines.findAll(instanceId, scopes)).map((machine) => machine.id))
    const unknown = scopes.find((id) => !known.has(id))
    if (unknown !== undefined) throw notFound({ noun: 'Machine', id: unknown })

    const id = ids.next<MachineId>('mch')
    const machine: Machine = {
      id,
      instanceId,
      name,
      defaultTokenTtl,
      scopes,
      tokensNotBefore: null,
      createdAt: now,
      updatedAt: now,
    }
    const key = newMachineSecretKey({ ids, ring }, machine, now)
    await machines.insert(machine)
    await machines.insertSecretKey(key)
    await audit.record(eventOf(call, now, 'machine.create', id))
    for (const to of scopes) await audit.record(eventOf(call, now, 'machine_scope.create', id, `to ${to}`))
    return { machine, secretKey: machineSecretOf(ring, key) }
  })
}
