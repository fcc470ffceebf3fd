import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SigningKey, SigningKeysRevokeRequest } from '../models.ts'

/**
 * Revokes a signing key: nothing that it signed is accepted any more. Revoking twice is not an error. An
 * addition of Mintmark to the Backend API.
 */
export function signingKeysRevoke(
  client: MintmarkCore,
  { keyId }: SigningKeysRevokeRequest,
  options?: RequestOptions,
): Promise<Result<SigningKey, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/signing_keys/${checkId(keyId)}/revoke`,
      object: 'signing_key',
      documented: [400, 401, 404],
    }),
    options,
  )
}
