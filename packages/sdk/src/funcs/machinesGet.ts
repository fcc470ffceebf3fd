import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Machine, MachinesGetRequest } from '../models.ts'

/**
 * Gets a machine.
 */
export function machinesGet(
  client: MintmarkCore,
  { machineId }: MachinesGetRequest,
  options?: RequestOptions,
): Promise<Result<Machine, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: `/v1/machines/${checkId(machineId)}`,
      object: 'machine',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
