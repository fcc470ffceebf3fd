import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { User, UsersReplaceMetadataRequest } from '../models.ts'

/**
 * Replaces metadata of a user, each kind that is given as a whole.
 */
export function usersReplaceMetadata(
  client: MintmarkCore,
  { userId, ...fields }: UsersReplaceMetadataRequest,
  options?: RequestOptions,
): Promise<Result<User, CallError>> {
  return client.send(
    () => ({
      method: 'PUT',
      path: `/v1/users/${checkId(userId)}/metadata`,
      body: toWire(fields),
      object: 'user',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
