import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachinesListRequest, MachinesListResponse } from '../models.ts'

/**
 * Lists machines, 10 unless `limit` says otherwise, newest first unless `orderBy` does.
 */
export function machinesList(
  client: MintmarkCore,
  fields: MachinesListRequest = {},
  options?: RequestOptions,
): Promise<Result<MachinesListResponse, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: withQuery('/v1/machines', fields),
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
