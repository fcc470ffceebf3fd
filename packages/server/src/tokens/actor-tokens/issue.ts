import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { invalidParam, notFound } from '../../core/errors.ts'
import type { ActorTokenId, IdSource, UserId } from '../../core/ids.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { after, type Clock, type Seconds } from '../../core/time.ts'
import type { FrontendOriginOf } from '../../directory/instances/instance.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import { isUserId, type UserReader } from '../../directory/users/store.ts'
import type { Keys } from '../../signing/keys.ts'
import type { Actor, ActorToken } from './actor-token.ts'
import type { ActorTokenStore } from './store.ts'
import { ticketOf } from './ticket.ts'

export interface NewActorToken {
  readonly userId: UserId
  readonly actor: Actor
  readonly lifetime: Seconds
  readonly sessionMaxDuration: Seconds
}

export interface IssueActorTokenDeps
  extends
    Reads<{ users: UserReader; instances: InstanceReader }>,
    Transactions<{ actorTokens: ActorTokenStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly keys: Keys
  readonly frontendOriginOf: FrontendOriginOf
  /** Take any well-formed user id for a user, for applications that keep their users elsewhere. */
  readonly acceptUnknownUsers: boolean
}

/**
 * @throws {AuthorityError} `resource_not_found` for an unknown user, `form_param_value_invalid` for an
 *   actor that is the user
 */
export async function issueActorToken(
  deps: IssueActorTokenDeps,
  call: Call,
  { userId, actor, lifetime, sessionMaxDuration }: NewActorToken,
): Promise<{ token: ActorToken; ticket: string; url: string }> {
  const { instanceId } = call.caller
  await requireUser(deps, call, userId)
  if (actor.sub === userId) {
    throw invalidParam('form_param_value_invalid', 'actor.sub', 'An actor cannot be the user it acts as.')
  }
  const now = deps.clock.now()
  const token: ActorToken = {
    id: deps.ids.next<ActorTokenId>('act'),
    instanceId,
    userId,
    actor,
    status: 'pending',
    sessionMaxDuration,
    expiresAt: after(now, lifetime),
    createdAt: now,
    updatedAt: now,
  }
  const ticket = ticketOf(token, (await deps.keys.signing(instanceId, 'ticket')).key)
  const instance = await deps.read.instances.find(instanceId)
  await deps.transaction(async ({ actorTokens, audit }) => {
    await actorTokens.insert(token)
    await audit.record(eventOf(call, now, 'actor_token.issue', token.id, `as ${userId}`))
  })
  return { token, ticket, url: `${deps.frontendOriginOf(instance!)}/v1/tickets/accept?ticket=${ticket}` }
}

async function requireUser(
  { read, acceptUnknownUsers }: IssueActorTokenDeps,
  { caller }: Call,
  id: UserId,
): Promise<void> {
  if (acceptUnknownUsers && isUserId(id)) return
  const known = await read.users.find(caller.instanceId, id)
  // What is not even an id is not repeated: it might be a secret in the wrong place.
  if (known === null) throw notFound(isUserId(id) ? { noun: 'User', id } : undefined)
}
