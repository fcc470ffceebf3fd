/**
 * Actor tokens: a one-time link by which an operator acts as a user. The token is a ticket, a JWT that
 * only this authority reads; the session it opens says who really acts (`act`, RFC 8693 section 4.1).
 */
import type { ActorTokenId, InstanceId, UserId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { isPast, type Millis, type Seconds } from '../../core/time.ts'
import type { TokenState } from '../../core/verdict.ts'

/** Who acts. The whole object goes into the session's `act`; `sub` need not be a user's id. */
export type Actor = JsonObject & { readonly sub: string }

/** Bytes of JSON of all that is said of an actor: a session JWT carries it, and browsers keep that in a cookie of four kilobytes. */
export const LONGEST_ACTOR = 2_048

export interface ActorToken {
  readonly id: ActorTokenId
  readonly instanceId: InstanceId
  /** Whom the actor will act as. */
  readonly userId: UserId
  readonly actor: Actor
  readonly status: 'pending' | 'accepted' | 'revoked'
  /** The session it opens ends after this long, however active it is. */
  readonly sessionMaxDuration: Seconds
  /** Why, and where that is written down, such as the number of a support ticket. */
  readonly reason: string | null
  readonly reference: string | null
  /** What the actor may do as the user, for the application to judge; `null` for all. */
  readonly permissions: readonly string[] | null
  readonly expiresAt: Millis
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** What the session and its JWTs say of who acts. */
export const actingAs = ({ actor, permissions }: Pick<ActorToken, 'actor' | 'permissions'>): Actor =>
  permissions === null ? actor : { ...actor, permissions }

/** Who acts as whom, and why: for the audit log. */
export const describeActing = ({ userId, actor, reason, reference }: ActorToken): string =>
  [
    `as ${userId} by ${JSON.stringify(actor.sub)}`,
    reason && `reason: ${reason}`,
    reference && `ticket: ${reference}`,
  ]
    .filter(Boolean)
    .join('; ')

/** Could it still be redeemed? One that was accepted is as good as revoked: a ticket is for one use. */
export const stateOf = ({ status, expiresAt }: ActorToken, now: Millis): TokenState =>
  status !== 'pending' ? 'revoked' : isPast(expiresAt, now) ? 'expired' : 'active'
