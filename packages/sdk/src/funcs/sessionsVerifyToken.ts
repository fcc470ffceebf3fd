import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Session, SessionsVerifyTokenRequest } from '../models.ts'

/**
 * Verifies the JWT of a session at the authority, which knows whether the session was ended:
 * `resource_not_found` (404) if it was, or if the JWT is not good. An addition of Mintmark to the Backend API.
 */
export function sessionsVerifyToken(
  client: MintmarkCore,
  fields: SessionsVerifyTokenRequest,
  options?: RequestOptions,
): Promise<Result<Session, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/sessions/verify',
      body: toWire(fields),
      object: 'session',
      documented: [400, 401, 404, 422],
    }),
    options,
  )
}
