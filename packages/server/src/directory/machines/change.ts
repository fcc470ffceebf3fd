import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { AuthorityError, invalidParam, notFound } from '../../core/errors.ts'
import type { MachineId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock, Seconds } from '../../core/time.ts'
import { MOST_SCOPES, type Machine, type MachineScope } from './machine.ts'
import type { MachineStore } from './store.ts'

export interface ChangeMachineDeps extends Transactions<{ machines: MachineStore; audit: AuditLog }> {
  readonly clock: Clock
}

/** @throws {AuthorityError} `resource_not_found` */
export function updateMachine(
  { transaction, clock }: ChangeMachineDeps,
  call: Call,
  id: MachineId,
  change: { readonly name?: string; readonly defaultTokenTtl?: Seconds },
): Promise<Machine> {
  const at = clock.now()
  return transaction(async ({ machines, audit }) => {
    const machine = await machines.update(call.caller.instanceId, id, { ...change, at })
    if (machine === null) throw notFound({ noun: 'Machine', id })
    await audit.record(eventOf(call, at, 'machine.update', id))
    return machine
  })
}

/**
 * Deletes a machine. From then on nothing it issued is active, its keys open nothing, and no machine
 * has a scope from or to it.
 *
 * @throws {AuthorityError} `resource_not_found`
 */
export function deleteMachine(
  { transaction, clock }: ChangeMachineDeps,
  call: Call,
  id: MachineId,
): Promise<void> {
  return transaction(async ({ machines, audit }) => {
    if (!(await machines.delete(call.caller.instanceId, id))) throw notFound({ noun: 'Machine', id })
    await audit.record(eventOf(call, clock.now(), 'machine.delete', id))
  })
}

/**
 * Lets one machine verify the tokens that another issues from now on.
 *
 * @throws {AuthorityError} `resource_not_found` if either is not there, `conflict` if it may already,
 *   `form_param_value_invalid` for a machine and itself, `form_param_array_size_exceeded` past the limit
 */
export function addMachineScope(
  { transaction, clock }: ChangeMachineDeps,
  call: Call,
  from: MachineId,
  to: MachineId,
): Promise<MachineScope> {
  const createdAt = clock.now()
  const { instanceId } = call.caller
  return transaction(async ({ machines, audit }) => {
    const machine = await machines.find(instanceId, from)
    if (machine === null) throw notFound({ noun: 'Machine', id: from })
    if (from === to) {
      throw invalidParam('form_param_value_invalid', 'to_machine_id', 'A machine cannot be scoped to itself.')
    }
    if ((await machines.find(instanceId, to)) === null) throw notFound({ noun: 'Machine', id: to })

    const scope = { from, to, createdAt }
    if (machine.scopes.includes(to) || !(await machines.addScope(scope))) {
      throw new AuthorityError('conflict', { longMessage: 'The machine has this scope already.' })
    }
    if (machine.scopes.length >= MOST_SCOPES) {
      throw invalidParam(
        'form_param_array_size_exceeded',
        'to_machine_id',
        `A machine has ${MOST_SCOPES} scopes at most.`,
      )
    }
    await audit.record(eventOf(call, createdAt, 'machine_scope.create', from, `to ${to}`))
    return scope
  })
}

/** @throws {AuthorityError} `resource_not_found` if the instance has no such scope */
export function removeMachineScope(
  { transaction, clock }: ChangeMachineDeps,
  call: Call,
  from: MachineId,
  to: MachineId,
): Promise<void> {
  return transaction(async ({ machines, audit }) => {
    const machine = await machines.find(call.caller.instanceId, from)
    if (machine === null || !(await machines.removeScope(from, to))) throw notFound()
    await audit.record(eventOf(call, clock.now(), 'machine_scope.delete', from, `to ${to}`))
  })
}
