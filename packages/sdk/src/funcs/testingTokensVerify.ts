import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { TestingTokensVerifyRequest, VerifiedTestingToken } from '../models.ts'

/**
 * Says whether a testing token is good: `resource_not_found` (404) if it is not, whatever the reason. An
 * addition of Mintmark to the Backend API.
 */
export function testingTokensVerify(
  client: MintmarkCore,
  fields: TestingTokensVerifyRequest,
  options?: RequestOptions,
): Promise<Result<VerifiedTestingToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/testing_tokens/verify',
      body: toWire(fields),
      object: 'testing_token',
      documented: [400, 401, 404, 422],
    }),
    options,
  )
}
