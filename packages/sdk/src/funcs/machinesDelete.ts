import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachinesDeleteRequest, MachinesDeleteResponse } from '../models.ts'

/**
 * Deletes a machine; its keys and tokens are no longer good.
 */
export function machinesDelete(
  client: MintmarkCore,
  { machineId }: MachinesDeleteRequest,
  options?: RequestOptions,
): Promise<Result<MachinesDeleteResponse, CallError>> {
  return client.send(
    () => ({
      method: 'DELETE',
      path: `/v1/machines/${checkId(machineId)}`,
      object: 'machine',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
