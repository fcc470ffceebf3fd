import type { MintmarkCore } from '../core.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SigningKeysListResponse } from '../models.ts'

/**
 * Lists the keys that sign the instance's JWTs, newest first, also those that are over. An addition of
 * Mintmark to the Backend API.
 */
export function signingKeysList(
  client: MintmarkCore,
  options?: RequestOptions,
): Promise<Result<SigningKeysListResponse, CallError>> {
  return client.send(() => ({ method: 'GET', path: '/v1/signing_keys', documented: [400, 401] }), options)
}
