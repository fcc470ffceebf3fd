import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { ActorTokensEndRequest, Impersonation } from '../models.ts'

/**
 * Ends an impersonation: the link if nobody has used it yet, and the session that it opened. What is over
 * already stays as it is. An addition of Mintmark to the Backend API.
 */
export function actorTokensEnd(
  client: MintmarkCore,
  { actorTokenId, ...fields }: ActorTokensEndRequest,
  options?: RequestOptions,
): Promise<Result<Impersonation, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/actor_tokens/${checkId(actorTokenId)}/end`,
      body: toWire(fields),
      object: 'actor_token',
      documented: [400, 401, 404, 422],
    }),
    options,
  )
}
