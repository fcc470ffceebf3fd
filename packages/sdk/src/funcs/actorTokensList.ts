import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { ActorTokensListRequest, ActorTokensListResponse } from '../models.ts'

/**
 * Lists actor tokens with the sessions that they opened, newest first. An addition of Mintmark to the Backend
 * API.
 */
export function actorTokensList(
  client: MintmarkCore,
  fields: ActorTokensListRequest = {},
  options?: RequestOptions,
): Promise<Result<ActorTokensListResponse, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: withQuery('/v1/actor_tokens', fields),
      documented: [400, 401, 422],
    }),
    options,
  )
}
