import { eventOf, type AuditEvent, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { AuthorityError, type ErrorCode } from '../../core/errors.ts'
import type { Random } from '../../core/secrets/random.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { seconds, type Clock, type Millis, type Seconds } from '../../core/time.ts'
import type { Keys } from '../../signing/keys.ts'
import type { FrontendOriginOf } from '../instances/instance.ts'
import type { InstanceReader } from '../instances/store.ts'
import { sessionJwtOf } from './jwt.ts'
import { describe, isStale, stateOf, type Session } from './session.ts'
import type { SessionStore } from './store.ts'

/** As long as a token for a page lives, which asks for another each minute. */
export const SESSION_TOKEN_LIFETIME = seconds(60)

export interface IssueSessionTokenDeps
  extends Reads<{ instances: InstanceReader }>, Transactions<{ sessions: SessionStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly keys: Keys
  readonly random: Random
  readonly frontendOriginOf: FrontendOriginOf
}

export interface SessionTokenOptions {
  readonly lifetime: Seconds
  /** The origin of the page that asks. */
  readonly authorizedParty: string | null
  /** How a session that is over is refused. */
  readonly refusal: ErrorCode
}

/**
 * A JWT for a session that is still good; asking for one is activity. Each that an impersonation asks for is in the
 * audit log.
 *
 * @throws {AuthorityError} `refusal` if the session is over
 */
export async function issueSessionToken(
  deps: IssueSessionTokenDeps,
  call: Call,
  session: Session,
  options: SessionTokenOptions,
): Promise<string> {
  const now = deps.clock.now()
  if (stateOf(session, now) !== 'active') throw new AuthorityError(options.refusal)
  // Signed before the transaction: one that waited for a signature would keep all others waiting.
  const jwt = await signSessionToken(deps, session, now, options)
  await noteActivity(deps, call, session, now, options.refusal)
  return jwt
}

/** Writes that the session is in use, where that is not known yet. @throws {AuthorityError} `refusal` if it is over */
export async function noteActivity(
  { transaction }: Pick<IssueSessionTokenDeps, 'transaction'>,
  call: Call,
  session: Session,
  now: Millis,
  refusal: ErrorCode,
): Promise<void> {
  const { instanceId, id, actor } = session
  if (actor === null && !isStale(session, now)) return
  await transaction(async ({ sessions, audit }) => {
    if (!(await sessions.touch(instanceId, id, now))) throw new AuthorityError(refusal)
    if (actor !== null) await audit.record(refreshOf(session, call, now))
  })
}

/** Writes that a token of an impersonation is told to a page that was loaded. Who only looks is not active. */
export const noteLook = (
  { transaction }: Pick<IssueSessionTokenDeps, 'transaction'>,
  call: Call,
  session: Session,
  now: Millis,
): Promise<void> => transaction(({ audit }) => audit.record(refreshOf(session, call, now)))

const refreshOf = (session: Session, call: Call, now: Millis): AuditEvent =>
  eventOf(call, now, 'session.refresh', session.id, describe(session))

/** As `issueSessionToken`, for a session that has just been found to be good. */
export async function signSessionToken(
  deps: Pick<IssueSessionTokenDeps, 'read' | 'frontendOriginOf' | 'keys' | 'random'>,
  session: Session,
  now: Millis,
  { lifetime, authorizedParty }: Pick<SessionTokenOptions, 'lifetime' | 'authorizedParty'>,
): Promise<string> {
  const instance = await deps.read.instances.find(session.instanceId)
  const issuer = deps.frontendOriginOf(instance!)
  return sessionJwtOf(deps, session, { issuer, authorizedParty, now, lifetime })
}
