import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachinesDeleteScopeRequest, MachinesDeleteScopeResponse } from '../models.ts'

/**
 * Takes a scope away again, for tokens issued from now on.
 */
export function machinesDeleteScope(
  client: MintmarkCore,
  { machineId, otherMachineId }: MachinesDeleteScopeRequest,
  options?: RequestOptions,
): Promise<Result<MachinesDeleteScopeResponse, CallError>> {
  return client.send(
    () => ({
      method: 'DELETE',
      path: `/v1/machines/${checkId(machineId)}/scopes/${checkId(otherMachineId)}`,
      object: 'machine_scope',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
