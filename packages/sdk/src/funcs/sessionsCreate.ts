import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Session, SessionsCreateRequest } from '../models.ts'

/**
 * Signs a user in without a browser, for tests of an application. Live instances refuse it.
 */
export function sessionsCreate(
  client: MintmarkCore,
  fields: SessionsCreateRequest,
  options?: RequestOptions,
): Promise<Result<Session, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/sessions',
      body: toWire(fields),
      object: 'session',
      documented: [400, 401, 404, 422],
    }),
    options,
  )
}
