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

export const toTestingTokenResource = (token: TestingToken, secret: string) => ({
  object: 'testing_token' as const,
  token: secret,
  expires_at: toSeconds(token.expiresAt),
})
