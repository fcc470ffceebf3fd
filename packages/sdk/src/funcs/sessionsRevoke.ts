import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Session, SessionsRevokeRequest } from '../models.ts'

/**
 * Ends a session; one that is over stays as it is. Its JWTs are good until they end, 60 seconds at most, for
 * whoever only looks at their signature.
 */
export function sessionsRevoke(
  client: MintmarkCore,
  { sessionId }: SessionsRevokeRequest,
  options?: RequestOptions,
): Promise<Result<Session, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/sessions/${checkId(sessionId)}/revoke`,
      object: 'session',
      documented: [400, 401, 404],
    }),
    options,
  )
}
