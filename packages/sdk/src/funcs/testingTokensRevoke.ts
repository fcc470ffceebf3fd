import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { TestingTokenDetails, TestingTokensRevokeRequest } from '../models.ts'

/**
 * Revokes a testing token. Revoking twice is not an error. An addition of Mintmark to the Backend API.
 */
export function testingTokensRevoke(
  client: MintmarkCore,
  { testingTokenId }: TestingTokensRevokeRequest,
  options?: RequestOptions,
): Promise<Result<TestingTokenDetails, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/testing_tokens/${checkId(testingTokenId)}/revoke`,
      object: 'testing_token',
      documented: [400, 401, 404],
    }),
    options,
  )
}
