import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachineSecretKey, MachinesRotateSecretKeyRequest } from '../models.ts'

/**
 * Gives a machine a new secret key. The one until now stays good for `previousTokenTtl` seconds.
 */
export function machinesRotateSecretKey(
  client: MintmarkCore,
  { machineId, ...fields }: MachinesRotateSecretKeyRequest,
  options?: RequestOptions,
): Promise<Result<MachineSecretKey, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/machines/${checkId(machineId)}/secret_key/rotate`,
      body: toWire(fields),
      object: 'machine_secret_key',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
