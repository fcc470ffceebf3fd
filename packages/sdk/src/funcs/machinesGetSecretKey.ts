import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachineSecretKey, MachinesGetSecretKeyRequest } from '../models.ts'

/**
 * Gets the current secret key of a machine.
 */
export function machinesGetSecretKey(
  client: MintmarkCore,
  { machineId }: MachinesGetSecretKeyRequest,
  options?: RequestOptions,
): Promise<Result<MachineSecretKey, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: `/v1/machines/${checkId(machineId)}/secret_key`,
      object: 'machine_secret_key',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
