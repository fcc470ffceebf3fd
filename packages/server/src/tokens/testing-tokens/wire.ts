/** Testing tokens on the wire. `expires_at` is in seconds where it is Clerk's: the one instant of this API that is. */
import { z } from 'zod'
import { ID_PATTERNS } from '../../core/ids.ts'
import { operation } from '../../core/operation.ts'
import { page, plainText, wholeSeconds, wireMillis } from '../../core/schemas.ts'
import { toSeconds } from '../../core/time.ts'
import { LONGEST_LIFETIME, TESTING_TOKEN_LIFETIME, type TestingToken } from './testing-token.ts'

const common = { callers: 'instance', dialect: 'form', success: 200 } as const

const inSeconds = z.int().describe('Unix time in seconds.')

const testingTokenResource = z
  .object({
    object: z.literal('testing_token'),
    token: z.string().describe('The secret itself. Only here.'),
    expires_at: inSeconds,
  })
  .meta({ id: 'TestingToken' })

/** Beyond Clerk's: a testing token as a thing that has a name and can be looked at. */
const testingTokenDetails = z
  .object({
    object: z.literal('testing_token'),
    id: z.string().regex(ID_PATTERNS.testingToken),
    label: z.string().nullable(),
    max_uses: z.int().nullable(),
    uses: z.int().describe('How often it was used; counted only where there is a limit.'),
    revoked_at: wireMillis.nullable(),
    expires_at: inSeconds,
    created_at: wireMillis,
  })
  .meta({ id: 'TestingTokenDetails' })

export const createTestingTokenOperation = operation({
  ...common,
  id: 'testingTokens.create',
  method: 'POST',
  path: '/v1/testing_tokens',
  summary: 'Issue a testing token, good for an hour unless it is told otherwise.',
  description: 'Live instances refuse it, unless the operator allows it.',
  body: z.object({
    expires_in_seconds: wholeSeconds(1, LONGEST_LIFETIME)
      .default(TESTING_TOKEN_LIFETIME)
      .describe('An extension.'),
    label: plainText(255).nullish().describe('What to call it. An extension.'),
    max_uses: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullish()
      .describe('How often it may let a request past. An extension.'),
  }),
  response: testingTokenResource,
  errors: ['request_invalid_for_environment'],
})

export const listTestingTokensOperation = operation({
  ...common,
  id: 'testingTokens.list',
  method: 'GET',
  path: '/v1/testing_tokens',
  summary: 'List testing tokens, newest first.',
  extension: true,
  query: z.strictObject(page(500)),
  response: z.object({ data: z.array(testingTokenDetails), total_count: z.int() }),
  errors: [],
})

const params = { testing_token_id: ID_PATTERNS.testingToken }

export const getTestingTokenOperation = operation({
  ...common,
  id: 'testingTokens.get',
  method: 'GET',
  path: '/v1/testing_tokens/{testing_token_id}',
  summary: 'Get a testing token, without its secret.',
  extension: true,
  params,
  response: testingTokenDetails,
  errors: ['resource_not_found'],
})

export const revokeTestingTokenOperation = operation({
  ...common,
  id: 'testingTokens.revoke',
  method: 'POST',
  path: '/v1/testing_tokens/{testing_token_id}/revoke',
  summary: 'Revoke a testing token; one that is revoked stays as it is.',
  extension: true,
  params,
  body: z.object({}),
  response: testingTokenDetails,
  errors: ['resource_not_found'],
})

const verifiedTestingTokenResource = z
  .object({ object: z.literal('testing_token'), id: z.string(), expires_at: inSeconds })
  .meta({ id: 'VerifiedTestingToken' })

export const verifyTestingTokenOperation = operation({
  ...common,
  id: 'testingTokens.verify',
  method: 'POST',
  path: '/v1/testing_tokens/verify',
  summary: 'Say whether a testing token is good. Counts as a use.',
  description:
    'For an application that checks for bots itself. A token that is not good is a 404, whatever the reason.',
  extension: true,
  body: z.strictObject({ token: z.string().min(1).max(255) }),
  response: verifiedTestingTokenResource,
  errors: ['resource_not_found'],
  verdict: true,
})

export const toVerifiedTestingTokenResource = ({ id, expiresAt }: TestingToken) => ({
  object: 'testing_token' as const,
  id,
  expires_at: toSeconds(expiresAt),
})

export const toTestingTokenResource = (token: TestingToken, secret: string) => ({
  object: 'testing_token' as const,
  token: secret,
  expires_at: toSeconds(token.expiresAt),
})

export const toTestingTokenDetails = (token: TestingToken) => ({
  object: 'testing_token' as const,
  id: token.id,
  label: token.label,
  max_uses: token.maxUses,
  uses: token.uses,
  revoked_at: token.revokedAt,
  expires_at: toSeconds(token.expiresAt),
  created_at: token.createdAt,
})
