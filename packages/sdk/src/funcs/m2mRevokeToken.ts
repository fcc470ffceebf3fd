import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import { machineOrInstanceKey, type WithMachineKey } from '../core/machine-keys.ts'
import type { M2MToken, M2mTokensRevokeRequest } from '../models.ts'

/**
 * Revokes an M2M token of either format by its id, for good. Revoking twice is not an error.
 */
export function m2mRevokeToken(
  client: MintmarkCore,
  { m2mTokenId, machineSecretKey, ...fields }: M2mTokensRevokeRequest & WithMachineKey,
  options?: RequestOptions,
): Promise<Result<M2MToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/m2m_tokens/${checkId(m2mTokenId)}/revoke`,
      key: machineOrInstanceKey(machineSecretKey),
      body: toWire(fields),
      object: 'machine_to_machine_token',
      documented: [400, 401, 403, 404, 409],
    }),
    options,
  )
}
