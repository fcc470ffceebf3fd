import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { UsersListRequest, UsersListResponse } from '../models.ts'

/**
 * Lists users. Lists in a filter mean any of them.
 */
export function usersList(
  client: MintmarkCore,
  fields: UsersListRequest = {},
  options?: RequestOptions,
): Promise<Result<UsersListResponse, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: withQuery('/v1/users', fields),
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
