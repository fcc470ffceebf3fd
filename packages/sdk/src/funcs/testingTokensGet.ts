import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { TestingTokenDetails, TestingTokensGetRequest } from '../models.ts'

/**
 * Gets a testing token, without its secret. An addition of Mintmark to the Backend API.
 */
export function testingTokensGet(
  client: MintmarkCore,
  { testingTokenId }: TestingTokensGetRequest,
  options?: RequestOptions,
): Promise<Result<TestingTokenDetails, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: `/v1/testing_tokens/${checkId(testingTokenId)}`,
      object: 'testing_token',
      documented: [400, 401, 404],
    }),
    options,
  )
}
