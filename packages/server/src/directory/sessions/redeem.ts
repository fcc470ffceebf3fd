/** Redeeming a ticket of any kind: once, however many ask at once and at however many nodes. */
import { eventOf, type AuditAction } from '../../audit/audit-event.ts'
import type { BrowserCaller, Call } from '../../core/caller.ts'
import { AuthorityError, type ErrorCode } from '../../core/errors.ts'
import type { InstanceId, UserId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import { isPast, type Millis } from '../../core/time.ts'
import type { Keys } from '../../signing/keys.ts'
import { readTicket, type TicketSource } from '../../signing/ticket.ts'
import { holding, isKnownUser } from '../users/known.ts'
import type { UserStore } from '../users/store.ts'
import {
  beginSession,
  requireRoom,
  type Asking,
  type BeginningStores,
  type BeginSessionDeps,
  type NewSession,
} from './begin.ts'
import type { Session } from './session.ts'

export type RedeemingStores = BeginningStores & { readonly users: UserStore }

export interface RedeemDeps<Stores> extends BeginSessionDeps, Transactions<RedeemingStores & Stores> {
  readonly keys: Keys
  readonly acceptUnknownUsers: boolean
}

/** What a ticket stands for. */
interface Redeemable<Id> {
  readonly id: Id
  readonly userId: UserId
  readonly status: 'pending' | 'accepted' | 'revoked'
  readonly expiresAt: Millis
}

/** What one kind of ticket is, beside what all have in common. */
export interface Redemption<Id extends string, Token extends Redeemable<Id>, Stores> {
  readonly source: TicketSource
  readonly action: AuditAction
  readonly refusals: Readonly<Record<'revoked' | 'accepted' | 'userIsGone', ErrorCode>>
  tokensIn(stores: Stores): {
    find(instanceId: InstanceId, id: Id): Promise<Token | null>
    change(instanceId: InstanceId, id: Id, to: 'accepted', at: Millis): Promise<Token | null>
  }
  session(token: Token): Omit<NewSession, 'userId'>
  /** For the audit log. */
  describe(token: Token): string
}

/**
 * Whatever is wrong is found out before the ticket is used up.
 *
 * @throws {AuthorityError} `ticket_invalid_code`, `ticket_expired_code`, one of the kind's `refusals`,
 *   `session_exists`, `session_creation_not_allowed`
 */
export async function redeem<Id extends string, Token extends Redeemable<Id>, Stores>(
  deps: RedeemDeps<Stores>,
  kind: Redemption<Id, Token, Stores>,
  call: Call<BrowserCaller>,
  asking: Asking,
  presented: string,
): Promise<Session> {
  const { instanceId } = call.caller
  const ticket = await readTicket<Id>(deps.keys, instanceId, kind.source, presented)
  if (!ticket.active) throw new AuthorityError('ticket_invalid_code', { reason: ticket.reason })
  const now = deps.clock.now()
  return deps.transaction(async (stores) => {
    const tokens = kind.tokensIn(stores)
    const token = await tokens.find(instanceId, ticket.token)
    if (token === null) throw new AuthorityError('ticket_invalid_code')
    if (isPast(token.expiresAt, now)) throw new AuthorityError('ticket_expired_code')
    if (token.status !== 'pending') throw new AuthorityError(kind.refusals[token.status])
    if (!(await isKnownUser(deps, holding(stores.users), instanceId, token.userId))) {
      throw new AuthorityError(kind.refusals.userIsGone)
    }
    const asked = { userId: token.userId, ...kind.session(token) }
    const open = await requireRoom(stores, asking, asked.actor !== null, now)
    if ((await tokens.change(instanceId, token.id, 'accepted', now)) === null) {
      // Somebody else came first, meanwhile.
      const { status } = (await tokens.find(instanceId, token.id))!
      throw new AuthorityError(kind.refusals[status === 'revoked' ? 'revoked' : 'accepted'])
    }
    const session = await beginSession(deps, stores, call, { asking, asked, open, now })
    const event = eventOf(call, now, kind.action, token.id, `${kind.describe(token)}; session: ${session.id}`)
    await stores.audit.record(event)
    return session
  })
}
