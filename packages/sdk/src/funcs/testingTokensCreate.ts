import type { MintmarkCore } from '../core.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { TestingToken, TestingTokensCreateRequest } from '../models.ts'

/**
 * Creates a testing token, which lets an end-to-end test past bot protection: for an hour, and any number of
 * times, if not told. Its `expiresAt` is in **seconds**.
 *
 * @param fields options of the call may stand among them, as they do where nothing is said of the token
 */
export function testingTokensCreate(
  client: MintmarkCore,
  { expiresInSeconds, label, maxUses, ...among }: TestingTokensCreateRequest & RequestOptions = {},
  options?: RequestOptions,
): Promise<Result<TestingToken, CallError>> {
  const isTold = (expiresInSeconds ?? label ?? maxUses) != null
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/testing_tokens',
      body: isTold ? { expires_in_seconds: expiresInSeconds, label, max_uses: maxUses } : undefined,
      object: 'testing_token',
    }),
    { ...among, ...options },
  )
}
