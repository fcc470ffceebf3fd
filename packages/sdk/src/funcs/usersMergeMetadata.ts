import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { User, UsersMergeMetadataRequest } from '../models.ts'

/**
 * Merges into metadata of a user (RFC 7396): `null` takes a name away.
 */
export function usersMergeMetadata(
  client: MintmarkCore,
  { userId, ...fields }: UsersMergeMetadataRequest,
  options?: RequestOptions,
): Promise<Result<User, CallError>> {
  return client.send(
    () => ({
      method: 'PATCH',
      path: `/v1/users/${checkId(userId)}/metadata`,
      body: toWire(fields),
      object: 'user',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
