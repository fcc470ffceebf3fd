import type { Call, InstanceCaller } from '../../core/caller.ts'
import { AuthorityError } from '../../core/errors.ts'
import type { SessionId } from '../../core/ids.ts'
import type { SecretReader } from '../../core/secrets/secrets.ts'
import { REFRESH_SECRET_PREFIX } from '../browsers/browser.ts'
import type { BrowserReader } from '../browsers/store.ts'
import { sessionIdIn } from './jwt.ts'
import type { SessionReader } from './store.ts'
import { issueSessionToken, SESSION_TOKEN_LIFETIME, type IssueSessionTokenDeps } from './token.ts'
import { proveSessionToken } from './verify.ts'

export interface RefreshSessionDeps extends IssueSessionTokenDeps {
  readonly read: IssueSessionTokenDeps['read'] & {
    readonly sessions: SessionReader
    readonly browsers: BrowserReader
  }
  readonly readSecret: SecretReader
}

export interface Refresh {
  readonly expiredToken: string
  readonly refreshToken: string
  /** The origin of the request that the application's server got. */
  readonly origin: string
}

/**
 * Another JWT in the place of one that is over, for a server that has the browser's refresh cookie and no page to
 * ask with.
 *
 * @throws {AuthorityError} `authentication_invalid`, whatever is wrong: clients then go another way
 */
export async function refreshSession(
  deps: RefreshSessionDeps,
  call: Call<InstanceCaller>,
  id: SessionId,
  { expiredToken, refreshToken, origin }: Refresh,
): Promise<string> {
  const { instanceId } = call.caller
  const refusal = 'authentication_invalid'
  const secret = deps.readSecret(REFRESH_SECRET_PREFIX, instanceId, refreshToken)
  const proven = await proveSessionToken(deps, instanceId, expiredToken)
  if (secret === null || !proven.active || sessionIdIn(proven.token) !== id) {
    throw new AuthorityError(refusal)
  }
  const browser = await deps.read.browsers.find(instanceId, secret.id)
  // Who holds a master key that was replaced can make secrets, but none for a browser that has come since.
  if (browser === null || browser.macKeyId !== secret.macKeyId) throw new AuthorityError(refusal)
  const session = await deps.read.sessions.find(instanceId, id)
  if (session === null || session.browserId !== browser.id || session.userId !== proven.token.payload.sub) {
    throw new AuthorityError(refusal)
  }
  const options = { lifetime: SESSION_TOKEN_LIFETIME, authorizedParty: originOf(origin), refusal } as const
  return issueSessionToken(deps, call, session, options)
}

const originOf = (text: string): string | null => (URL.canParse(text) ? new URL(text).origin : null)
