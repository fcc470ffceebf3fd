import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { UsersDeleteRequest, UsersDeleteResponse } from '../models.ts'

/**
 * Deletes a user.
 */
export function usersDelete(
  client: MintmarkCore,
  { userId }: UsersDeleteRequest,
  options?: RequestOptions,
): Promise<Result<UsersDeleteResponse, CallError>> {
  return client.send(
    () => ({
      method: 'DELETE',
      path: `/v1/users/${checkId(userId)}`,
      object: 'user',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
