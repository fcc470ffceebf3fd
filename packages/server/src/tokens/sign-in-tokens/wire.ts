/** Sign-in tokens on the wire: durations in seconds, instants in milliseconds. */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import { plainText, wholeSeconds, wireMillis } from '../../core/schemas.ts'
import { seconds } from '../../core/time.ts'
import type { SignInToken } from './sign-in-token.ts'

/** Thirty days. */
export const DEFAULT_LIFETIME = seconds(2_592_000)

const signInTokenResource = z
  .object({
    object: z.literal('sign_in_token'),
    id: z.string().regex(ID_PATTERNS.signInToken),
    status: z.enum(['pending', 'accepted', 'revoked']),
    user_id: z.string(),
    token: z.string().optional().describe('The ticket. Only in the answer to its creation.'),
    url: z
      .string()
      .optional()
      .describe('The page that redeems the ticket. Only in the answer to its creation.'),
    created_at: wireMillis,
    updated_at: wireMillis,
  })
  .meta({ id: 'SignInToken' })

export const createSignInTokenOperation = operation({
  id: 'signInTokens.create',
  method: 'POST',
  path: '/v1/sign_in_tokens',
  summary: 'Issue a one-time link that signs a user in.',
  callers: 'instance',
  dialect: 'form',
  body: z.object({
    user_id: plainText(255),
    expires_in_seconds: wholeSeconds().nullish(),
    org_id: z.null().optional(),
  }),
  success: 200,
  response: signInTokenResource,
  errors: ['resource_not_found'],
})

export const revokeSignInTokenOperation = operation({
  id: 'signInTokens.revoke',
  method: 'POST',
  path: '/v1/sign_in_tokens/{sign_in_token_id}/revoke',
  summary: 'Revoke a pending sign-in token.',
  callers: 'instance',
  dialect: 'form',
  params: { sign_in_token_id: ID_PATTERNS.signInToken },
  body: z.object({}),
  success: 200,
  response: signInTokenResource,
  errors: ['sign_in_token_cannot_be_revoked_code', 'resource_not_found'],
})

export const toSignInTokenResource = (token: SignInToken) => ({
  object: 'sign_in_token' as const,
  id: token.id,
  status: token.status,
  user_id: token.userId,
  created_at: token.createdAt,
  updated_at: token.updatedAt,
})
