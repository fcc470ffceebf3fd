import { AuthorityError, notFound } from '../../core/errors.ts'
import type { BrowserId, SessionId, UserId } from '../../core/ids.ts'
import { route, type Route } from '../../core/operation.ts'
import { seconds } from '../../core/time.ts'
import { createSession, type CreateSessionDeps } from './create.ts'
import { revokeSession, type EndSessionDeps } from './end.ts'
import { refreshSession, type RefreshSessionDeps } from './refresh.ts'
import { sessionCookies } from '../browsers/cookies.ts'
import { issueSessionToken, SESSION_TOKEN_LIFETIME } from './token.ts'
import { verifySessionToken } from './verify.ts'
import * as wire from './wire.ts'

export type SessionRouteDeps = CreateSessionDeps & EndSessionDeps & RefreshSessionDeps

export function sessionRoutes(deps: SessionRouteDeps): readonly Route[] {
  const { clock } = deps
  const { sessions } = deps.read
  return [
    route(wire.listSessionsOperation, async ({ query }, { caller }) => {
      const now = clock.now()
      const asked = {
        browserId: (query.client_id ?? null) as BrowserId | null,
        userId: (query.user_id ?? null) as UserId | null,
        state: query.status ?? null,
        now,
      }
      const found = await sessions.list(caller.instanceId, asked, query)
      const data = found.sessions.map((session) => wire.toSessionResource(session, now))
      return query.paginated ? { data, total_count: found.totalCount } : data
    }),

    route(wire.createSessionOperation, async ({ body }, call) =>
      wire.toSessionResource(await createSession(deps, call, body.user_id as UserId), clock.now()),
    ),

    route(wire.verifySessionTokenOperation, async ({ body }, { caller }) => {
      const verdict = await verifySessionToken(deps, caller.instanceId, body.token)
      if (!verdict.active) throw new AuthorityError('resource_not_found', { reason: verdict.reason })
      return wire.toSessionResource(verdict.token, clock.now())
    }),

    route(wire.getSessionOperation, async ({ params: { session_id } }, { caller }) => {
      const session = await sessions.find(caller.instanceId, session_id as SessionId)
      if (session === null) throw notFound({ noun: 'Session', id: session_id! })
      return wire.toSessionResource(session, clock.now())
    }),

    route(wire.revokeSessionOperation, async ({ params: { session_id } }, call) =>
      wire.toSessionResource(await revokeSession(deps, call, session_id as SessionId), clock.now()),
    ),

    route(wire.createSessionTokenOperation, async ({ params: { session_id }, body }, call) => {
      const session = await sessions.find(call.caller.instanceId, session_id as SessionId)
      if (session === null) throw notFound({ noun: 'Session', id: session_id! })
      const asked = seconds(body.expires_in_seconds ?? SESSION_TOKEN_LIFETIME)
      // Who ends an impersonation is promised that it is over a minute later.
      const lifetime =
        session.actor === null || asked < SESSION_TOKEN_LIFETIME ? asked : SESSION_TOKEN_LIFETIME
      const options = { lifetime, authorizedParty: null, refusal: 'resource_not_found' } as const
      return { object: 'token', jwt: await issueSessionToken(deps, call, session, options) }
    }),

    route(wire.refreshSessionOperation, async ({ params: { session_id }, body }, call) => {
      const jwt = await refreshSession(deps, call, session_id as SessionId, {
        expiredToken: body.expired_token,
        refreshToken: body.refresh_token,
        origin: body.request_origin,
      })
      if (body.format === 'token') return { object: 'token' as const, jwt }
      const instance = await deps.read.instances.find(call.caller.instanceId)
      return { object: 'cookies' as const, cookies: sessionCookies(instance!, deps.frontendOriginOf, jwt) }
    }),
  ]
}
