import type { InstanceId, MachineId } from '../../core/ids.ts'
import { notFound } from '../../core/errors.ts'
import { route, type Route } from '../../core/operation.ts'
import type { Reads } from '../../core/stores.ts'
import { seconds } from '../../core/time.ts'
import { addMachineScope, deleteMachine, removeMachineScope, updateMachine } from './change.ts'
import { createMachine, type CreateMachineDeps } from './create.ts'
import type { Machine } from './machine.ts'
import { machineSecretKey, rotateMachineSecretKey } from './secret-keys.ts'
import type { MachineReader } from './store.ts'
import * as wire from './wire.ts'

export type MachineRouteDeps = CreateMachineDeps & Reads<{ machines: MachineReader }>

export function machineRoutes(deps: MachineRouteDeps): readonly Route[] {
  const { read } = deps

  /** The machines they are scoped to are looked up once for all of them. */
  async function toResources(instanceId: InstanceId, machines: readonly Machine[]) {
    const ids = [...new Set(machines.flatMap(({ scopes }) => scopes))]
    const scoped = new Map((await read.machines.findAll(instanceId, ids)).map((each) => [each.id, each]))
    return machines.map((machine) =>
      wire.toMachineResource(
        machine,
        machine.scopes.flatMap((id) => scoped.get(id) ?? []),
      ),
    )
  }

  async function toResource(machine: Machine) {
    const [resource] = await toResources(machine.instanceId, [machine])
    return resource!
  }

  return [
    route(wire.listMachinesOperation, async ({ query: { query, order_by, limit, offset } }, { caller }) => {
      const { machines, totalCount } = await read.machines.list(caller.instanceId, {
        search: query || null,
        orderBy: order_by.endsWith('name') ? 'name' : 'created_at',
        descending: order_by.startsWith('-'),
        limit,
        offset,
      })
      return { data: await toResources(caller.instanceId, machines), total_count: totalCount }
    }),

    route(wire.createMachineOperation, async ({ body }, call) => {
      const { machine, secretKey } = await createMachine(deps, call, {
        name: body.name,
        scopes: (body.scoped_machines ?? []) as MachineId[],
        defaultTokenTtl: body.default_token_ttl == null ? null : seconds(body.default_token_ttl),
      })
      return { ...(await toResource(machine)), secret_key: secretKey }
    }),

    route(wire.getMachineOperation, async ({ params: { machine_id } }, { caller }) => {
      const machine = await read.machines.find(caller.instanceId, machine_id as MachineId)
      if (machine === null) throw notFound({ noun: 'Machine', id: machine_id! })
      return toResource(machine)
    }),

    route(wire.updateMachineOperation, async ({ params: { machine_id }, body }, call) =>
      toResource(
        await updateMachine(deps, call, machine_id as MachineId, {
          ...(body.name !== undefined && { name: body.name }),
          ...(body.default_token_ttl !== undefined && { defaultTokenTtl: seconds(body.default_token_ttl) }),
        }),
      ),
    ),

    route(wire.deleteMachineOperation, async ({ params: { machine_id } }, call) => {
      await deleteMachine(deps, call, machine_id as MachineId)
      return { object: 'machine', id: machine_id!, deleted: true }
    }),

    route(wire.getMachineSecretKeyOperation, async ({ params: { machine_id } }, call) => ({
      object: 'machine_secret_key',
      secret: await machineSecretKey(deps, call, machine_id as MachineId),
    })),

    route(wire.rotateMachineSecretKeyOperation, async ({ params: { machine_id }, body }, call) => ({
      object: 'machine_secret_key',
      secret: await rotateMachineSecretKey(
        deps,
        call,
        machine_id as MachineId,
        seconds(body.previous_token_ttl),
      ),
    })),

    route(wire.createMachineScopeOperation, async ({ params: { machine_id }, body }, call) => {
      const scope = await addMachineScope(
        deps,
        call,
        machine_id as MachineId,
        body.to_machine_id as MachineId,
      )
      return wire.toMachineScopeResource(scope)
    }),

    route(wire.deleteMachineScopeOperation, async ({ params: { machine_id, other_machine_id } }, call) => {
      await removeMachineScope(deps, call, machine_id as MachineId, other_machine_id as MachineId)
      return {
        object: 'machine_scope',
        from_machine_id: machine_id!,
        to_machine_id: other_machine_id!,
        deleted: true,
      }
    }),
  ]
}
