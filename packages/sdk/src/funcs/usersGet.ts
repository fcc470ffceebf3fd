import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { User, UsersGetRequest } from '../models.ts'

/**
 * Gets a user.
 */
export function usersGet(
  client: MintmarkCore,
  { userId }: UsersGetRequest,
  options?: RequestOptions,
): Promise<Result<User, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: `/v1/users/${checkId(userId)}`,
      object: 'user',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
