import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import { mayManage, type Call } from '../../core/caller.ts'
import { notFound } from '../../core/errors.ts'
import type { M2mTokenId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { M2mToken } from './m2m-token.ts'
import type { M2mTokenStore } from './store.ts'

export interface RevokeM2mTokenDeps extends Transactions<{ m2mTokens: M2mTokenStore; audit: AuditLog }> {
  readonly clock: Clock
}

/**
 * Ends a token for good. Once this is fulfilled, no later verification here accepts it. A second
 * revocation changes nothing and is not an error.
 *
 * @throws {AuthorityError} `resource_not_found`, also for another machine's token
 */
export function revokeM2mToken(
  { transaction, clock }: RevokeM2mTokenDeps,
  call: Call,
  id: M2mTokenId,
  reason: string | null,
): Promise<M2mToken> {
  const { instanceId } = call.caller
  const at = clock.now()
  return transaction(async ({ m2mTokens, audit }) => {
    const token = await m2mTokens.find(instanceId, id)
    if (token === null || !mayManage(call.caller, token.subject)) throw notFound()
    if (token.revokedAt !== null) return token
    await audit.record(eventOf(call, at, 'm2m_token.revoke', id, reason))
    return (await m2mTokens.revoke(instanceId, id, at, reason))!
  })
}
