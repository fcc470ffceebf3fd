import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import { machineOrInstanceKey, type WithMachineKey } from '../core/machine-keys.ts'
import type { M2MToken, M2mTokensVerifyRequest } from '../models.ts'

/**
 * Verifies an M2M token of either format at the authority: `resource_not_found` (404) if it is not active or
 * the caller may not see it. For JWTs, `@mintmark/sdk/verify.js` needs no call.
 */
export function m2mVerifyToken(
  client: MintmarkCore,
  { machineSecretKey, ...fields }: M2mTokensVerifyRequest & WithMachineKey,
  options?: RequestOptions,
): Promise<Result<M2MToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/m2m_tokens/verify',
      key: machineOrInstanceKey(machineSecretKey),
      body: toWire(fields),
      object: 'machine_to_machine_token',
      documented: [400, 401, 403, 404, 409],
    }),
    options,
  )
}
