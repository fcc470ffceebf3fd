import type { ActorTokenId, UserId } from '../../core/ids.ts'
import { route, type Route } from '../../core/operation.ts'
import { seconds } from '../../core/time.ts'
import { issueActorToken, type IssueActorTokenDeps } from './issue.ts'
import { revokeActorToken, type RevokeActorTokenDeps } from './revoke.ts'
import { createActorTokenOperation, revokeActorTokenOperation, toActorTokenResource } from './wire.ts'

export const actorTokenRoutes = (deps: IssueActorTokenDeps & RevokeActorTokenDeps): readonly Route[] => [
  route(createActorTokenOperation, async ({ body }, call) => {
    const { token, ticket, url } = await issueActorToken(deps, call, {
      userId: body.user_id as UserId,
      actor: body.actor,
      lifetime: seconds(body.expires_in_seconds),
      sessionMaxDuration: seconds(body.session_max_duration_in_seconds),
    })
    return { ...toActorTokenResource(token), token: ticket, url }
  }),

  route(revokeActorTokenOperation, async ({ params: { actor_token_id } }, call) =>
    toActorTokenResource(await revokeActorToken(deps, call, actor_token_id as ActorTokenId)),
  ),
]
