import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { M2MTokenRevocation, M2mTokensRevokeAllRequest } from '../models.ts'

/**
 * Revokes all M2M tokens that a machine issued, that a key signed, or that were issued before an instant, in one
 * step; with `dryRun` it only counts them. An addition of Mintmark to the Backend API.
 */
export function m2mRevokeAllTokens(
  client: MintmarkCore,
  fields: M2mTokensRevokeAllRequest,
  options?: RequestOptions,
): Promise<Result<M2MTokenRevocation, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/m2m_tokens/revoke_all',
      body: toWire(fields),
      object: 'm2m_token_revocation',
      documented: [400, 401, 404, 409],
    }),
    options,
  )
}
