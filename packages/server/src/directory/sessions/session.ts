/**
 * Sessions: a user is signed in at a browser. One that an actor token opened says who really acts. What a
 * session is good for is told by short JWTs, and each of them is asked for here.
 */
import type { ActorTokenId, BrowserId, InstanceId, SessionId, UserId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { after, isPast, millis, seconds, type Millis, type Seconds } from '../../core/time.ts'

/** How a session was ended. `replaced`: another was begun in its browser. `removed`: its user was deleted. */
export type SessionEnd = 'revoked' | 'ended' | 'removed' | 'replaced'

export interface Session {
  readonly id: SessionId
  readonly instanceId: InstanceId
  readonly browserId: BrowserId
  readonly userId: UserId
  /** Who really acts; `null` for a session of the user's own. */
  readonly actor: (JsonObject & { readonly sub: string }) | null
  /** The actor token that opened it. */
  readonly actorTokenId: ActorTokenId | null
  readonly status: 'active' | SessionEnd
  /** Where it was begun from. */
  readonly address: string | null
  /** It ends when nothing has been asked of it for so long. */
  readonly inactivityTimeout: Seconds
  readonly lastActiveAt: Millis
  /** It ends then, however active it is. */
  readonly expiresAt: Millis
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** Time ends a session too: `expired` at its absolute end, `abandoned` after too long without activity. */
export type SessionState = Session['status'] | 'expired' | 'abandoned'

export const SESSION_STATES = [
  'active',
  'revoked',
  'ended',
  'expired',
  'removed',
  'abandoned',
  'replaced',
] as const satisfies readonly SessionState[]

/** When it ends if nothing more is asked of it. */
export const abandonedAt = ({ lastActiveAt, inactivityTimeout }: Session): Millis =>
  after(lastActiveAt, inactivityTimeout)

export const stateOf = (session: Session, now: Millis): SessionState =>
  session.status !== 'active'
    ? session.status
    : isPast(session.expiresAt, now)
      ? 'expired'
      : isPast(abandonedAt(session), now)
        ? 'abandoned'
        : 'active'

/** Whose it is and who acts: for the audit log. */
export const describe = ({ userId, actor }: Pick<Session, 'userId' | 'actor'>): string =>
  actor === null ? `as ${userId}` : `as ${userId} by ${JSON.stringify(actor.sub)}`

/** An operator who has left the desk does not stay a user (wire reference, "Redemption"). */
export const IMPERSONATION_INACTIVITY = seconds(600)

/** A session of the user's own. */
export const SESSION_LIFETIME = seconds(604_800)

/** A browser asks for a token each minute. Nothing is written more often to say that it is still there. */
const NOTED_EVERY = millis(20_000)

/** Whether activity now has to be written down. */
export const isStale = ({ lastActiveAt }: Session, now: Millis): boolean => now - lastActiveAt >= NOTED_EVERY
