import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { UsersCountRequest, UsersCountResponse } from '../models.ts'

/**
 * Counts users, with the filters of the list.
 */
export function usersCount(
  client: MintmarkCore,
  fields: UsersCountRequest = {},
  options?: RequestOptions,
): Promise<Result<UsersCountResponse, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: withQuery('/v1/users/count', fields),
      object: 'total_count',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
