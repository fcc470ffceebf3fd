import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { Session, SessionsGetRequest } from '../models.ts'

/**
 * Gets a session.
 */
export function sessionsGet(
  client: MintmarkCore,
  { sessionId }: SessionsGetRequest,
  options?: RequestOptions,
): Promise<Result<Session, CallError>> {
  return client.send(
    () => ({
      method: 'GET',
      path: `/v1/sessions/${checkId(sessionId)}`,
      object: 'session',
      documented: [400, 401, 404],
    }),
    options,
  )
}
