import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SignInToken, SignInTokensRevokeRequest } from '../models.ts'

/**
 * Revokes a sign-in token that is still pending; any other is a `ClerkErrors` of status 400.
 */
export function signInTokensRevoke(
  client: MintmarkCore,
  { signInTokenId }: SignInTokensRevokeRequest,
  options?: RequestOptions,
): Promise<Result<SignInToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/sign_in_tokens/${checkId(signInTokenId)}/revoke`,
      object: 'sign_in_token',
      documented: [400, 404],
    }),
    options,
  )
}
