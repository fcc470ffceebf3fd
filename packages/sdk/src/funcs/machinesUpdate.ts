import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Machine, MachinesUpdateRequest } from '../models.ts'

/**
 * Changes the name or the default token lifetime of a machine. Tokens that it issued stay as they are.
 */
export function machinesUpdate(
  client: MintmarkCore,
  { machineId, ...fields }: MachinesUpdateRequest,
  options?: RequestOptions,
): Promise<Result<Machine, CallError>> {
  return client.send(
    () => ({
      method: 'PATCH',
      path: `/v1/machines/${checkId(machineId)}`,
      body: toWire(fields),
      object: 'machine',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
