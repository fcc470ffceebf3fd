/**
 * Sign-in tokens: a one-time link that signs a user in, without a password. The token is a ticket, a JWT that
 * only this authority reads; the session it opens is the user's own.
 */
import type { InstanceId, SignInTokenId, UserId } from '../../core/ids.ts'
import { isPast, type Millis } from '../../core/time.ts'
import type { TokenState } from '../../core/verdict.ts'

export interface SignInToken {
  readonly id: SignInTokenId
  readonly instanceId: InstanceId
  readonly userId: UserId
  readonly status: 'pending' | 'accepted' | 'revoked'
  readonly expiresAt: Millis
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** Could it still be redeemed? One that was accepted is as good as revoked: a ticket is for one use. */
export const stateOf = ({ status, expiresAt }: SignInToken, now: Millis): TokenState =>
  status !== 'pending' ? 'revoked' : isPast(expiresAt, now) ? 'expired' : 'active'
