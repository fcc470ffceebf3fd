import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SessionToken, SessionsCreateTokenRequest } from '../models.ts'

/**
 * Issues a JWT for a session: for 60 seconds, if not told.
 */
export function sessionsCreateToken(
  client: MintmarkCore,
  { sessionId, ...fields }: SessionsCreateTokenRequest,
  options?: RequestOptions,
): Promise<Result<SessionToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/sessions/${checkId(sessionId)}/tokens`,
      body: toWire(fields),
      object: 'token',
      documented: [400, 401, 404, 422],
    }),
    options,
  )
}
