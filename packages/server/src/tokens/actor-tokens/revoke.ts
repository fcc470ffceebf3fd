import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { AuthorityError, notFound } from '../../core/errors.ts'
import type { ActorTokenId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { ActorToken } from './actor-token.ts'
import type { ActorTokenStore } from './store.ts'

export interface RevokeActorTokenDeps extends Transactions<{
  actorTokens: ActorTokenStore
  audit: AuditLog
}> {
  readonly clock: Clock
}

/**
 * Ends a token that has not been redeemed, expired or not.
 *
 * @throws {AuthorityError} `resource_not_found`, or `actor_token_cannot_be_revoked_code` unless it is pending
 */
export function revokeActorToken(
  { transaction, clock }: RevokeActorTokenDeps,
  call: Call,
  id: ActorTokenId,
): Promise<ActorToken> {
  const { instanceId } = call.caller
  const at = clock.now()
  return transaction(async ({ actorTokens, audit }) => {
    const revoked = await actorTokens.change(instanceId, id, 'revoked', at)
    if (revoked !== null) {
      await audit.record(eventOf(call, at, 'actor_token.revoke', id))
      return revoked
    }
    const token = await actorTokens.find(instanceId, id)
    if (token === null) throw notFound()
    throw new AuthorityError('actor_token_cannot_be_revoked_code', {
      longMessage: `The actor token is ${token.status}; only a pending one can be revoked.`,
    })
  })
}
