import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { ActorTokensGetRequest, Impersonation } from '../models.ts'

/**
 * Gets an actor token with the session that it opened. An addition of Mintmark to the Backend API.
 */
export function actorTokensGet(
  client: MintmarkCore,
  { actorTokenId }: ActorTokensGetRequest,
  options?: RequestOptions,
): Promise<Result<Impersonation, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: `/v1/actor_tokens/${checkId(actorTokenId)}`,
      object: 'actor_token',
      documented: [400, 401, 404],
    }),
    options,
  )
}
