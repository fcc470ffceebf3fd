import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { notFound } from '../../core/errors.ts'
import type { ActorTokenId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { SessionStore } from '../../directory/sessions/store.ts'
import { describeActing, type ActorToken } from './actor-token.ts'
import type { ActorTokenStore } from './store.ts'

export interface EndImpersonationDeps extends Transactions<{
  actorTokens: ActorTokenStore
  sessions: SessionStore
  audit: AuditLog
}> {
  readonly clock: Clock
}

/**
 * Ends an impersonation, whether the link was used or not: a pending token is revoked, and so is the session that
 * one opened. What is over already stays as it is.
 *
 * @throws {AuthorityError} `resource_not_found`
 */
export function endImpersonation(
  { transaction, clock }: EndImpersonationDeps,
  call: Call,
  id: ActorTokenId,
  reason: string | null,
): Promise<ActorToken> {
  const { instanceId } = call.caller
  const now = clock.now()
  return transaction(async ({ actorTokens, sessions, audit }) => {
    const why = (token: ActorToken) => [describeActing(token), reason].filter(Boolean).join(': ')
    // Whoever redeems it at this moment has done so before this line, or finds it revoked after it.
    const revoked = await actorTokens.change(instanceId, id, 'revoked', now)
    const token = revoked ?? (await actorTokens.find(instanceId, id))
    if (token === null) throw notFound()
    let ended = revoked !== null
    for (const session of await sessions.openedBy(instanceId, [id])) {
      if ((await sessions.end(instanceId, session.id, 'revoked', now)) === null) continue
      ended = true
      await audit.record(eventOf(call, now, 'session.revoke', session.id, why(token)))
    }
    if (ended) await audit.record(eventOf(call, now, 'actor_token.end', id, why(token)))
    return token
  })
}
