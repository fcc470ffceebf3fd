/** Actor tokens on the wire: durations in seconds, instants in milliseconds. */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { operation } from '../../core/operation.ts'
import { jsonObjectUpTo, plainText, wholeSeconds, wireMillis } from '../../core/schemas.ts'
import type { Actor, ActorToken } from './actor-token.ts'

/** A session JWT carries the actor, and browsers keep it in a cookie of four kilobytes. */
const LONGEST_ACTOR = 2_048

const actorTokenResource = z
  .object({
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
  })
  .meta({ id: 'ActorToken' })

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
      error: 'must be text of 1 to 255 characters',
    }),
  )
  .meta({
    type: 'object',
    properties: { sub: { type: 'string' } },
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

export const toActorTokenResource = (token: ActorToken) => ({
  object: 'actor_token' as const,
  id: token.id,
  status: token.status,
  user_id: token.userId,
  actor: token.actor,
  created_at: token.createdAt,
  updated_at: token.updatedAt,
})
