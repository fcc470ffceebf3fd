import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import { machineKey, type WithMachineKey } from '../core/machine-keys.ts'
import type { IssuedM2MToken, M2mTokensCreateRequest } from '../models.ts'

/**
 * Issues an M2M token for the machine whose key is used. Its `token` is the secret, shown here only.
 */
export function m2mCreateToken(
  client: MintmarkCore,
  { machineSecretKey, ...fields }: M2mTokensCreateRequest & WithMachineKey = {},
  options?: RequestOptions,
): Promise<Result<IssuedM2MToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/m2m_tokens',
      key: machineKey(machineSecretKey),
      body: toWire(fields),
      object: 'machine_to_machine_token',
      documented: [400, 401, 403, 404, 409],
    }),
    options,
  )
}
