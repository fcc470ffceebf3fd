import type { MintmarkCore } from '../core.ts'
import { checkId } from '../core/path.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SessionsRefreshRequest, SessionsRefreshResponse } from '../models.ts'

/**
 * Renews the JWT of a session for an application's server, by one that is over and the refresh token of the
 * browser's cookie. Gives a token, or `Set-Cookie` headers where `format` is `cookie`.
 */
export function sessionsRefresh(
  client: MintmarkCore,
  { sessionId, ...fields }: SessionsRefreshRequest,
  options?: RequestOptions,
): Promise<Result<SessionsRefreshResponse, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: `/v1/sessions/${checkId(sessionId)}/refresh`,
      body: toWire(fields),
      object: fields.format === 'cookie' ? 'cookies' : 'token',
      documented: [400, 401, 422],
    }),
    options,
  )
}
