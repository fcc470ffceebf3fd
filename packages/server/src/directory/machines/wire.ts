/** Machines on the wire: `default_token_ttl` is in seconds, every instant in milliseconds. */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import { page, plainText, searchText, wholeSeconds, wireMillis } from '../../core/schemas.ts'
import { MOST_SCOPES, type Machine, type MachineScope } from './machine.ts'

const machineId = z.string().regex(ID_PATTERNS.machine, 'must be the id of a machine')
const params = { machine_id: ID_PATTERNS.machine }

const machineFields = {
  object: z.literal('machine'),
  id: machineId,
  name: z.string(),
  instance_id: z.string().regex(ID_PATTERNS.instance),
  created_at: wireMillis,
  updated_at: wireMillis,
  default_token_ttl: z.int().optional().describe('Seconds. Absent if the machine was given none.'),
}
const scopedMachineResource = z.object(machineFields).meta({ id: 'ScopedMachine' })
const machineResource = z
  .object({ ...machineFields, scoped_machines: z.array(scopedMachineResource) })
  .meta({ id: 'Machine' })
const createdMachineResource = z
  .object({
    ...machineFields,
    scoped_machines: z.array(scopedMachineResource),
    secret_key: z.string().describe('Shown here; afterwards by its own endpoint.'),
  })
  .meta({ id: 'CreatedMachine' })
const machineSecretKeyResource = z
  .object({ object: z.literal('machine_secret_key'), secret: z.string() })
  .meta({ id: 'MachineSecretKey' })
const machineScopeResource = z
  .object({
    object: z.literal('machine_scope'),
    from_machine_id: machineId,
    to_machine_id: machineId,
    created_at: wireMillis,
  })
  .meta({ id: 'MachineScope' })

/** Unknown body fields are ignored: the published schemas of these requests are open. */
const name = plainText(255)

export const listMachinesOperation = operation({
  id: 'machines.list',
  method: 'GET',
  path: '/v1/machines',
  summary: 'List the machines of the instance.',
  callers: 'instance',
  dialect: 'form',
  query: z.strictObject({
    ...page(500),
    query: searchText.optional().describe('An exact id or part of a name.'),
    order_by: z
      .enum(['name', '+name', '-name', 'created_at', '+created_at', '-created_at'])
      .default('-created_at'),
  }),
  success: 200,
  response: z.object({ data: z.array(machineResource), total_count: z.int() }),
  errors: [],
})

export const createMachineOperation = operation({
  id: 'machines.create',
  method: 'POST',
  path: '/v1/machines',
  summary: 'Create a machine with its first secret key.',
  callers: 'instance',
  dialect: 'form',
  body: z.object({
    name,
    scoped_machines: z.array(machineId).max(MOST_SCOPES).nullish(),
    default_token_ttl: wholeSeconds().nullish(),
  }),
  success: 200,
  response: createdMachineResource,
  errors: ['resource_not_found', 'form_param_duplicate'],
})

export const getMachineOperation = operation({
  id: 'machines.get',
  method: 'GET',
  path: '/v1/machines/{machine_id}',
  summary: 'Get a machine.',
  callers: 'instance',
  dialect: 'form',
  params,
  success: 200,
  response: machineResource,
  errors: ['resource_not_found'],
})

export const updateMachineOperation = operation({
  id: 'machines.update',
  method: 'PATCH',
  path: '/v1/machines/{machine_id}',
  summary: "Change a machine's name or the default lifetime of its tokens.",
  callers: 'instance',
  dialect: 'form',
  params,
  body: z.object({ name: name.optional(), default_token_ttl: wholeSeconds().optional() }),
  success: 200,
  response: machineResource,
  errors: ['resource_not_found'],
})

export const deleteMachineOperation = operation({
  id: 'machines.delete',
  method: 'DELETE',
  path: '/v1/machines/{machine_id}',
  summary: 'Delete a machine; nothing it issued is active any more.',
  callers: 'instance',
  dialect: 'form',
  params,
  success: 200,
  response: z.object({ object: z.literal('machine'), id: machineId, deleted: z.literal(true) }),
  errors: ['resource_not_found'],
})

export const getMachineSecretKeyOperation = operation({
  id: 'machines.getSecretKey',
  method: 'GET',
  path: '/v1/machines/{machine_id}/secret_key',
  summary: "Get a machine's newest secret key.",
  callers: 'instance',
  dialect: 'form',
  params,
  success: 200,
  response: machineSecretKeyResource,
  errors: ['resource_not_found'],
})

export const rotateMachineSecretKeyOperation = operation({
  id: 'machines.rotateSecretKey',
  method: 'POST',
  path: '/v1/machines/{machine_id}/secret_key/rotate',
  summary: 'Give a machine a new secret key and let the one before it overlap.',
  callers: 'instance',
  dialect: 'form',
  params,
  body: z.object({
    previous_token_ttl: z
      .int()
      .min(0)
      .max(28_800)
      .describe('Seconds for which the key until now stays good; 0 ends it at once.'),
  }),
  success: 200,
  response: machineSecretKeyResource,
  errors: ['resource_not_found'],
})

export const createMachineScopeOperation = operation({
  id: 'machines.createScope',
  method: 'POST',
  path: '/v1/machines/{machine_id}/scopes',
  summary: 'Let another machine verify the tokens that this one issues from now on.',
  callers: 'instance',
  dialect: 'form',
  params,
  body: z.object({ to_machine_id: machineId }),
  success: 200,
  response: machineScopeResource,
  errors: ['resource_not_found', 'conflict', 'form_param_array_size_exceeded'],
})

export const deleteMachineScopeOperation = operation({
  id: 'machines.deleteScope',
  method: 'DELETE',
  path: '/v1/machines/{machine_id}/scopes/{other_machine_id}',
  summary: 'Take a scope away; tokens issued before keep it.',
  callers: 'instance',
  dialect: 'form',
  params: { ...params, other_machine_id: ID_PATTERNS.machine },
  success: 200,
  response: z.object({
    object: z.literal('machine_scope'),
    from_machine_id: machineId,
    to_machine_id: machineId,
    deleted: z.literal(true),
  }),
  errors: ['resource_not_found'],
})

const fieldsOf = (machine: Omit<Machine, 'scopes'>) => ({
  object: 'machine' as const,
  id: machine.id,
  name: machine.name,
  instance_id: machine.instanceId,
  created_at: machine.createdAt,
  updated_at: machine.updatedAt,
  ...(machine.defaultTokenTtl !== null && { default_token_ttl: machine.defaultTokenTtl }),
})

export const toMachineResource = (machine: Machine, scoped: readonly Omit<Machine, 'scopes'>[]) => ({
  ...fieldsOf(machine),
  scoped_machines: scoped.map(fieldsOf),
})

export const toMachineScopeResource = ({ from, to, createdAt }: MachineScope) => ({
  object: 'machine_scope' as const,
  from_machine_id: from,
  to_machine_id: to,
  created_at: createdAt,
})
