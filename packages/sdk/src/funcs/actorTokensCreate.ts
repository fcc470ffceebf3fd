import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { ActorToken, ActorTokensCreateRequest } from '../models.ts'

/**
 * Creates an actor token: a link by which `actor.sub` acts as the user, once, until it expires.
 */
export function actorTokensCreate(
  client: MintmarkCore,
  fields: ActorTokensCreateRequest,
  options?: RequestOptions,
): Promise<Result<ActorToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/actor_tokens',
      body: toWire(fields),
      object: 'actor_token',
      documented: [400, 402, 422],
    }),
    options,
  )
}
