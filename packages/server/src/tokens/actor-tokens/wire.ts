/** Actor tokens on the wire: durations in seconds, instants in milliseconds. */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { operation } from '../../core/operation.ts'
import { jsonObjectUpTo, page, plainText, searchText, wholeSeconds, wireMillis } from '../../core/schemas.ts'
import type { Millis } from '../../core/time.ts'
import type { Session } from '../../directory/sessions/session.ts'
import { sessionResource, toSessionResource } from '../../directory/sessions/wire.ts'
import { LONGEST_ACTOR, type Actor, type ActorToken } from './actor-token.ts'

const actorTokenFields = {
  object: z.literal('actor_token'),
  id: z.string().regex(ID_PATTERNS.actorToken),
  status: z.enum(['pending', 'accepted', 'revoked']),
  user_id: z.string(),
  actor: z.custom<Actor>().meta({ type: 'object', additionalProperties: true }),
  token: z.string().optional().describe('The ticket. Only in the answer to its creation.'),
  url: z
    .string()
    .optional()
    .describe('The link that redeems the ticket. Only in the answer to its creation.'),
  created_at: wireMillis,
  updated_at: wireMillis,
}

const actorTokenResource = z.object(actorTokenFields).meta({ id: 'ActorToken' })

/** Beyond Clerk's: what an operator asks about an impersonation. */
const impersonationResource = z
  .object({
    ...actorTokenFields,
    reason: z.string().nullable(),
    ticket: z.string().nullable().describe('What it was given as a reference, such as a support ticket.'),
    permissions: z.array(z.string()).nullable(),
    expires_at: wireMillis,
    session_max_duration_in_seconds: z.int(),
    session: sessionResource.nullable().describe('The session that it opened.'),
  })
  .meta({ id: 'Impersonation' })

/** The object is kept as it came; only its `sub` is looked at. */
const actor = jsonObjectUpTo(LONGEST_ACTOR)
  .pipe(
    z.custom<JsonObject>((value) => (value as JsonObject).sub !== undefined, {
      path: ['sub'],
      error: 'is missing',
    }),
  )
  .pipe(
    z.custom<Actor>((value) => plainText(255).safeParse((value as JsonObject).sub).success, {
      path: ['sub'],
      error: 'must be text of 1 to 255 characters, none of them a control character',
    }),
  )
  .meta({
    type: 'object',
    properties: { sub: { type: 'string', minLength: 1, maxLength: 255, pattern: '^\\P{Cc}*$' } },
    required: ['sub'],
    additionalProperties: true,
  })

export const createActorTokenOperation = operation({
  id: 'actorTokens.create',
  method: 'POST',
  path: '/v1/actor_tokens',
  summary: 'Issue a one-time link by which an actor acts as a user.',
  callers: 'instance',
  dialect: 'form',
  body: z.strictObject({
    user_id: plainText(255),
    actor,
    expires_in_seconds: wholeSeconds().default(3600),
    session_max_duration_in_seconds: wholeSeconds().default(1800),
    reason: plainText(500).nullish().describe('Why, for the audit log. An extension.'),
    ticket: plainText(255)
      .nullish()
      .describe('Where the reason is written down, such as the number of a support ticket. An extension.'),
    permissions: z
      .array(plainText(64))
      .max(20)
      .nullish()
      .describe('What the actor may do, for the application to judge: copied into `act`. An extension.'),
  }),
  success: 200,
  response: actorTokenResource,
  errors: ['resource_not_found'],
})

export const revokeActorTokenOperation = operation({
  id: 'actorTokens.revoke',
  method: 'POST',
  path: '/v1/actor_tokens/{actor_token_id}/revoke',
  summary: 'Revoke a pending actor token.',
  callers: 'instance',
  dialect: 'form',
  params: { actor_token_id: ID_PATTERNS.actorToken },
  body: z.object({}),
  success: 200,
  response: actorTokenResource,
  errors: ['actor_token_cannot_be_revoked_code', 'resource_not_found'],
})

export const listActorTokensOperation = operation({
  id: 'actorTokens.list',
  method: 'GET',
  path: '/v1/actor_tokens',
  summary: 'List actor tokens with the sessions that they opened, newest first.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  query: z.strictObject({
    ...page(500),
    user_id: searchText.optional(),
    status: z.enum(['pending', 'accepted', 'revoked']).optional(),
  }),
  success: 200,
  response: z.object({ data: z.array(impersonationResource), total_count: z.int() }),
  errors: [],
})

export const getActorTokenOperation = operation({
  id: 'actorTokens.get',
  method: 'GET',
  path: '/v1/actor_tokens/{actor_token_id}',
  summary: 'Get an actor token with the session that it opened.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  params: { actor_token_id: ID_PATTERNS.actorToken },
  success: 200,
  response: impersonationResource,
  errors: ['resource_not_found'],
})

export const endActorTokenOperation = operation({
  id: 'actorTokens.end',
  method: 'POST',
  path: '/v1/actor_tokens/{actor_token_id}/end',
  summary: 'End an impersonation, pending or under way.',
  description:
    'Revokes the token if it is pending, and the session that it opened. What is over already stays as it is.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  params: { actor_token_id: ID_PATTERNS.actorToken },
  body: z.strictObject({ reason: plainText(500).nullish() }),
  success: 200,
  response: impersonationResource,
  errors: ['resource_not_found'],
})

export const toImpersonationResource = (token: ActorToken, session: Session | null, now: Millis) => ({
  ...toActorTokenResource(token),
  reason: token.reason,
  ticket: token.reference,
  permissions: token.permissions === null ? null : [...token.permissions],
  expires_at: token.expiresAt,
  session_max_duration_in_seconds: token.sessionMaxDuration,
  session: session === null ? null : toSessionResource(session, now),
})

export const toActorTokenResource = (token: ActorToken) => ({
  object: 'actor_token' as const,
  id: token.id,
  status: token.status,
  user_id: token.userId,
  actor: token.actor,
  created_at: token.createdAt,
  updated_at: token.updatedAt,
})
