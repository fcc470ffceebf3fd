import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { User, UsersUpdateRequest } from '../models.ts'

/**
 * Changes a user. What is not given stays.
 */
export function usersUpdate(
  client: MintmarkCore,
  { userId, ...fields }: UsersUpdateRequest,
  options?: RequestOptions,
): Promise<Result<User, CallError>> {
  return client.send(
    () => ({
      method: 'PATCH',
      path: `/v1/users/${checkId(userId)}`,
      body: toWire(fields),
      object: 'user',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
