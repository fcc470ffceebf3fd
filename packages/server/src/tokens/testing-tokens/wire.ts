/** Testing tokens on the wire. `expires_at` is in seconds: the one instant of this API that is. */
import { z } from 'zod'
import { operation } from '../../core/operation.ts'
import { toSeconds } from '../../core/time.ts'
import type { TestingToken } from './testing-token.ts'

const testingTokenResource = z
  .object({
    object: z.literal('testing_token'),
    token: z.string().describe('The secret itself. Only here.'),
    expires_at: z.int().describe('Unix time in seconds.'),
  })
  .meta({ id: 'TestingToken' })

export const createTestingTokenOperation = operation({
  id: 'testingTokens.create',
  method: 'POST',
  path: '/v1/testing_tokens',
  summary: 'Issue a testing token, good for an hour.',
  callers: 'instance',
  dialect: 'form',
  body: z.object({}),
  success: 200,
  response: testingTokenResource,
  errors: [],
})

const verifiedTestingTokenResource = z
  .object({
    object: z.literal('testing_token'),
    id: z.string(),
    expires_at: z.int().describe('Unix time in seconds.'),
  })
  .meta({ id: 'VerifiedTestingToken' })

export const verifyTestingTokenOperation = operation({
  id: 'testingTokens.verify',
  method: 'POST',
  path: '/v1/testing_tokens/verify',
  summary: 'Say whether a testing token is good.',
  description:
    'For an application that checks for bots itself. A token that is not good is a 404, whatever the reason.',
  extension: true,
  callers: 'instance',
  dialect: 'form',
  body: z.strictObject({ token: z.string().min(1).max(255) }),
  success: 200,
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
