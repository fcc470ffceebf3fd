import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { notFound } from '../../core/errors.ts'
import type { ActorTokenId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { Session } from '../../directory/sessions/session.ts'
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

/** What has become of it. Not to be read anew: until the commit, others see what was before. */
export interface EndedImpersonation {
  readonly token: ActorToken
  /** The one that it opened. */
  readonly session: Session | null
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
): Promise<EndedImpersonation> {
  const { instanceId } = call.caller
  const now = clock.now()
  return transaction(async ({ actorTokens, sessions, audit }) => {
    const why = (token: ActorToken) =>
      [describeActing(token), reason && `ended: ${reason}`].filter(Boolean).join('; ')
    // Whoever redeems it at this moment has done so before this line, or finds it revoked after it.
    const revoked = await actorTokens.change(instanceId, id, 'revoked', now)
    const token = revoked ?? (await actorTokens.find(instanceId, id))
    if (token === null) throw notFound()
    const [opened = null] = await sessions.openedBy(instanceId, [id])
    const ended = opened && (await sessions.end(instanceId, opened.id, 'revoked', now))
    if (ended !== null) await audit.record(eventOf(call, now, 'session.revoke', ended.id, why(token)))
    if (revoked ?? ended) await audit.record(eventOf(call, now, 'actor_token.end', id, why(token)))
    return { token, session: ended ?? opened }
  })
}
