import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { User, UsersCreateRequest } from '../models.ts'

/**
 * Creates a user.
 */
export function usersCreate(
  client: MintmarkCore,
  fields: UsersCreateRequest = {},
  options?: RequestOptions,
): Promise<Result<User, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/users',
      body: toWire(fields),
      object: 'user',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
