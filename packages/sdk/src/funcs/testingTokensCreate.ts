import type { MintmarkCore } from '../core.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { TestingToken } from '../models.ts'

/**
 * Creates a testing token, which lets an end-to-end test past bot protection for an hour. Its `expiresAt` is
 * in **seconds**.
 */
export function testingTokensCreate(
  client: MintmarkCore,
  options?: RequestOptions,
): Promise<Result<TestingToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/testing_tokens',
      object: 'testing_token',
      documented: [],
    }),
    options,
  )
}
