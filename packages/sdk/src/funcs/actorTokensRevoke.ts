import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { ActorToken, ActorTokensRevokeRequest } from '../models.ts'

/**
 * Revokes an actor token that is still pending; any other is a `ClerkErrors` of status 400.
 */
export function actorTokensRevoke(
  client: MintmarkCore,
  { actorTokenId }: ActorTokensRevokeRequest,
  options?: RequestOptions,
): Promise<Result<ActorToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/actor_tokens/${checkId(actorTokenId)}/revoke`,
      object: 'actor_token',
      documented: [400, 404],
    }),
    options,
  )
}
