import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachineScope, MachinesCreateScopeRequest } from '../models.ts'

/**
 * Lets another machine verify the tokens that this one issues from now on.
 */
export function machinesCreateScope(
  client: MintmarkCore,
  { machineId, ...fields }: MachinesCreateScopeRequest,
  options?: RequestOptions,
): Promise<Result<MachineScope, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/machines/${checkId(machineId)}/scopes`,
      body: toWire(fields),
      object: 'machine_scope',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
