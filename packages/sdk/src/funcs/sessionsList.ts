import type { MintmarkCore } from '../core.ts'
import { withQuery } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Session, SessionsListRequest } from '../models.ts'

/** One page of a list. */
export interface SessionList {
  readonly data: readonly Session[]
  /** Of all pages together. */
  readonly totalCount: number
}

/**
 * Lists sessions, newest first.
 */
export function sessionsList(
  client: MintmarkCore,
  fields: Omit<SessionsListRequest, 'paginated'> = {},
  options?: RequestOptions,
): Promise<Result<SessionList, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      // Without it the authority gives a bare list, as it does to older clients.
      path: withQuery('/v1/sessions', { ...fields, paginated: true }),
      documented: [400, 401, 422],
    }),
    options,
  )
}
