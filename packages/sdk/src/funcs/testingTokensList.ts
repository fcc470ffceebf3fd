import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { TestingTokensListRequest, TestingTokensListResponse } from '../models.ts'

/**
 * Lists testing tokens, newest first, without their secrets. An addition of Mintmark to the Backend API.
 */
export function testingTokensList(
  client: MintmarkCore,
  fields: TestingTokensListRequest = {},
  options?: RequestOptions,
): Promise<Result<TestingTokensListResponse, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: withQuery('/v1/testing_tokens', fields),
      documented: [400, 401, 422],
    }),
    options,
  )
}
