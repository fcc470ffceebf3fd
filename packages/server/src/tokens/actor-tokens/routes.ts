import { notFound } from '../../core/errors.ts'
import type { ActorTokenId, InstanceId, UserId } from '../../core/ids.ts'
import { route, type Route } from '../../core/operation.ts'
import type { Reads } from '../../core/stores.ts'
import { seconds } from '../../core/time.ts'
import type { SessionReader } from '../../directory/sessions/store.ts'
import type { ActorToken } from './actor-token.ts'
import { endImpersonation, type EndImpersonationDeps } from './end.ts'
import { issueActorToken, type IssueActorTokenDeps } from './issue.ts'
import { revokeActorToken, type RevokeActorTokenDeps } from './revoke.ts'
import type { ActorTokenReader } from './store.ts'
import * as wire from './wire.ts'

export type ActorTokenRouteDeps = IssueActorTokenDeps &
  RevokeActorTokenDeps &
  EndImpersonationDeps &
  Reads<{ actorTokens: ActorTokenReader; sessions: SessionReader }>

export function actorTokenRoutes(deps: ActorTokenRouteDeps): readonly Route[] {
  const { actorTokens, sessions } = deps.read

  /** Tokens, with the session that each has opened. */
  async function toResources(instanceId: InstanceId, tokens: readonly ActorToken[]) {
    const now = deps.clock.now()
    const opened = await sessions.openedBy(
      instanceId,
      tokens.map(({ id }) => id),
    )
    const sessionOf = (id: ActorTokenId) => opened.find(({ actorTokenId }) => actorTokenId === id) ?? null
    return tokens.map((token) => wire.toImpersonationResource(token, sessionOf(token.id), now))
  }

  return [
    route(wire.createActorTokenOperation, async ({ body }, call) => {
      const { token, ticket, url } = await issueActorToken(deps, call, {
        userId: body.user_id as UserId,
        actor: body.actor,
        lifetime: seconds(body.expires_in_seconds),
        sessionMaxDuration: seconds(body.session_max_duration_in_seconds),
        reason: body.reason ?? null,
        reference: body.ticket ?? null,
        permissions: body.permissions ?? null,
      })
      return { ...wire.toActorTokenResource(token), token: ticket, url }
    }),

    route(wire.listActorTokensOperation, async ({ query }, { caller }) => {
      const asked = { userId: (query.user_id ?? null) as UserId | null, status: query.status ?? null }
      const { tokens, totalCount } = await actorTokens.list(caller.instanceId, asked, query)
      return { data: await toResources(caller.instanceId, tokens), total_count: totalCount }
    }),

    route(wire.getActorTokenOperation, async ({ params: { actor_token_id } }, { caller }) => {
      const token = await actorTokens.find(caller.instanceId, actor_token_id as ActorTokenId)
      if (token === null) throw notFound()
      return (await toResources(caller.instanceId, [token]))[0]!
    }),

    route(wire.revokeActorTokenOperation, async ({ params: { actor_token_id } }, call) =>
      wire.toActorTokenResource(await revokeActorToken(deps, call, actor_token_id as ActorTokenId)),
    ),

    route(wire.endActorTokenOperation, async ({ params: { actor_token_id }, body }, call) => {
      const id = actor_token_id as ActorTokenId
      const { token, session } = await endImpersonation(deps, call, id, body.reason ?? null)
      return wire.toImpersonationResource(token, session, deps.clock.now())
    }),
  ]
}
