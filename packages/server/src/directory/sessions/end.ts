import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { notFound } from '../../core/errors.ts'
import type { SessionId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { describe, type Session } from './session.ts'
import type { SessionStore } from './store.ts'

export interface EndSessionDeps extends Transactions<{ sessions: SessionStore; audit: AuditLog }> {
  readonly clock: Clock
}

/**
 * Ends a session by the will of the instance; one that is over stays as it is. Tokens that were issued for it are
 * good until they end, 60 seconds at most, for whoever does not ask this authority.
 *
 * @throws {AuthorityError} `resource_not_found`
 */
export function revokeSession(
  { transaction, clock }: EndSessionDeps,
  call: Call,
  id: SessionId,
): Promise<Session> {
  const { instanceId } = call.caller
  const now = clock.now()
  return transaction(async ({ sessions, audit }) => {
    const ended = await sessions.end(instanceId, id, 'revoked', now)
    if (ended !== null) await audit.record(eventOf(call, now, 'session.revoke', id, describe(ended)))
    const session = ended ?? (await sessions.find(instanceId, id))
    if (session === null) throw notFound({ noun: 'Session', id })
    return session
  })
}

/** Signs out: ends sessions by the will of whoever sits at their browser. Those that are over stay as they are. */
export function endSessions(
  { transaction, clock }: EndSessionDeps,
  call: Call,
  ids: readonly SessionId[],
): Promise<void> {
  const now = clock.now()
  return transaction(async ({ sessions, audit }) => {
    for (const id of ids) {
      const ended = await sessions.end(call.caller.instanceId, id, 'ended', now)
      if (ended !== null) await audit.record(eventOf(call, now, 'session.end', id, describe(ended)))
    }
  })
}
