/** Sessions on the wire: all instants in milliseconds. */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import { page, plainText, queryBoolean, searchText, wholeSeconds, wireMillis } from '../../core/schemas.ts'
import { LONGEST_LIFETIME, type Millis } from '../../core/time.ts'
import { abandonedAt, SESSION_STATES, stateOf, type Session } from './session.ts'

/** Nothing is kept of the device but the address it had. */
const activityResource = z.object({
  object: z.literal('session_activity'),
  id: z.string(),
  device_type: z.null(),
  is_mobile: z.literal(false),
  browser_name: z.null(),
  browser_version: z.null(),
  ip_address: z.string().nullable(),
  city: z.null(),
  country: z.null(),
})

export const sessionResource = z
  .object({
    object: z.literal('session'),
    id: z.string().regex(ID_PATTERNS.session),
    user_id: z.string(),
    client_id: z.string().regex(ID_PATTERNS.browser).describe('The browser it lives in.'),
    actor: z
      .custom<object>()
      .nullable()
      .meta({ type: ['object', 'null'], additionalProperties: true }),
    status: z.enum(SESSION_STATES),
    last_active_organization_id: z.null(),
    last_active_at: wireMillis,
    latest_activity: activityResource,
    expire_at: wireMillis.describe('When it ends, however active it is. Unix time in milliseconds.'),
    abandon_at: wireMillis.describe('When it ends without activity. Unix time in milliseconds.'),
    created_at: wireMillis,
    updated_at: wireMillis,
  })
  .meta({ id: 'Session' })

const params = { session_id: ID_PATTERNS.session }

const common = { callers: 'instance', dialect: 'form', success: 200 } as const

export const listSessionsOperation = operation({
  ...common,
  id: 'sessions.list',
  method: 'GET',
  path: '/v1/sessions',
  summary: 'List sessions, newest first.',
  description: 'A bare list, or with `paginated=true` an object with `data` and `total_count`.',
  query: z.strictObject({
    ...page(500),
    client_id: searchText.optional(),
    user_id: searchText.optional(),
    status: z.enum(SESSION_STATES).optional(),
    paginated: queryBoolean.default(false),
  }),
  response: z.union([
    z.array(sessionResource),
    z.object({ data: z.array(sessionResource), total_count: z.int() }),
  ]),
  errors: [],
})

export const createSessionOperation = operation({
  ...common,
  id: 'sessions.create',
  method: 'POST',
  path: '/v1/sessions',
  summary: 'Sign a user in without a browser, for tests. Not in live instances.',
  body: z.object({ user_id: plainText(255), active_organization_id: z.null().optional() }),
  response: sessionResource,
  errors: ['request_invalid_for_environment', 'resource_not_found'],
})

export const getSessionOperation = operation({
  ...common,
  id: 'sessions.get',
  method: 'GET',
  path: '/v1/sessions/{session_id}',
  summary: 'Get a session.',
  params,
  response: sessionResource,
  errors: ['resource_not_found'],
})

export const revokeSessionOperation = operation({
  ...common,
  id: 'sessions.revoke',
  method: 'POST',
  path: '/v1/sessions/{session_id}/revoke',
  summary: 'End a session.',
  description:
    'One that is over stays as it is. No other token is issued for it; those that were are good until they end, 60 seconds at most, for whoever does not ask `sessions.verifyToken`.',
  params,
  body: z.object({}),
  response: sessionResource,
  errors: ['resource_not_found'],
})

const tokenResource = z.object({ object: z.literal('token'), jwt: z.string() }).meta({ id: 'SessionToken' })

export const createSessionTokenOperation = operation({
  ...common,
  id: 'sessions.createToken',
  method: 'POST',
  path: '/v1/sessions/{session_id}/tokens',
  summary: 'Issue a JWT for a session.',
  description: 'For an impersonation it lives 60 seconds at most, and never longer than its session.',
  params,
  body: z.object({ expires_in_seconds: wholeSeconds(30, LONGEST_LIFETIME).nullish() }),
  response: tokenResource,
  errors: ['resource_not_found'],
})

export const refreshSessionOperation = operation({
  ...common,
  id: 'sessions.refresh',
  method: 'POST',
  path: '/v1/sessions/{session_id}/refresh',
  summary: "Renew a session's JWT for an application's server.",
  description:
    'Takes a JWT of the session that is over, and the refresh token that the browser sends along in a cookie.',
  params,
  body: z.object({
    expired_token: plainText(49_152),
    refresh_token: plainText(255),
    request_origin: plainText(2_048),
    request_headers: z.unknown().optional(),
    request_originating_ip: z.string().max(255).nullish(),
    format: z.enum(['token', 'cookie']).default('token'),
    suffixed_cookies: z.boolean().nullish(),
  }),
  response: z.union([
    tokenResource,
    z.object({ object: z.literal('cookies'), cookies: z.array(z.string()) }),
  ]),
  errors: ['authentication_invalid', 'resource_not_found'],
})

export const verifySessionTokenOperation = operation({
  ...common,
  id: 'sessions.verifyToken',
  method: 'POST',
  path: '/v1/sessions/verify',
  summary: "Say whether a session's JWT is good, and whether its session still is.",
  description:
    'A check of the signature alone cannot know that a session was ended. What is not good is a 404, whatever the reason.',
  extension: true,
  body: z.strictObject({ token: plainText(49_152) }),
  response: sessionResource,
  errors: ['resource_not_found'],
  verdict: true,
})

export const toSessionResource = (session: Session, now: Millis) => ({
  object: 'session' as const,
  id: session.id,
  user_id: session.userId,
  client_id: session.browserId,
  actor: session.actor,
  status: stateOf(session, now),
  last_active_organization_id: null,
  last_active_at: session.lastActiveAt,
  latest_activity: {
    object: 'session_activity' as const,
    id: session.id.replace('sess_', 'sact_'),
    device_type: null,
    is_mobile: false as const,
    browser_name: null,
    browser_version: null,
    ip_address: session.address,
    city: null,
    country: null,
  },
  expire_at: session.expiresAt,
  abandon_at: Math.min(abandonedAt(session), session.expiresAt),
  created_at: session.createdAt,
  updated_at: session.updatedAt,
})
