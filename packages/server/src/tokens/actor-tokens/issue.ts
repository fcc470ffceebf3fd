import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { invalidParam } from '../../core/errors.ts'
import type { ActorTokenId, IdSource, UserId } from '../../core/ids.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { after, type Clock, type Seconds } from '../../core/time.ts'
import type { FrontendOriginOf } from '../../directory/instances/instance.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import { requireUser, type KnownUsersDeps } from '../../directory/users/known.ts'
import type { UserReader } from '../../directory/users/store.ts'
import type { Keys } from '../../signing/keys.ts'
import { ticketOf } from '../../signing/ticket.ts'
import { actingAs, describeActing, LONGEST_ACTOR, type Actor, type ActorToken } from './actor-token.ts'
import type { ActorTokenStore } from './store.ts'

export interface NewActorToken {
  readonly userId: UserId
  readonly actor: Actor
  readonly lifetime: Seconds
  readonly sessionMaxDuration: Seconds
  readonly reason: string | null
  readonly reference: string | null
  readonly permissions: readonly string[] | null
}

export interface IssueActorTokenDeps
  extends
    Pick<KnownUsersDeps, 'acceptUnknownUsers'>,
    Reads<{ users: UserReader; instances: InstanceReader }>,
    Transactions<{ actorTokens: ActorTokenStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly keys: Keys
  readonly frontendOriginOf: FrontendOriginOf
}

/**
 * @throws {AuthorityError} `resource_not_found` for an unknown user, `form_param_value_invalid` for an
 *   actor that is the user
 */
export async function issueActorToken(
  deps: IssueActorTokenDeps,
  call: Call,
  { lifetime, ...asked }: NewActorToken,
): Promise<{ token: ActorToken; ticket: string; url: string }> {
  const { instanceId } = call.caller
  const { userId, actor } = asked
  await requireUser(deps, instanceId, userId)
  if (actor.sub === userId) {
    throw invalidParam('form_param_value_invalid', 'actor.sub', 'An actor cannot be the user it acts as.')
  }
  if (asked.permissions !== null && Object.hasOwn(asked.actor, 'permissions')) {
    throw invalidParam('form_param_value_invalid', 'permissions', 'The actor says its permissions already.')
  }
  requireRoomInToken(asked)
  const now = deps.clock.now()
  const token: ActorToken = {
    id: deps.ids.next<ActorTokenId>('act'),
    instanceId,
    ...asked,
    status: 'pending',
    expiresAt: after(now, lifetime),
    createdAt: now,
    updatedAt: now,
  }
  const ticket = await ticketOf(deps.keys, 'actor_token', token)
  const instance = await deps.read.instances.find(instanceId)
  await deps.transaction(async ({ actorTokens, audit }) => {
    await actorTokens.insert(token)
    await audit.record(eventOf(call, now, 'actor_token.issue', token.id, describeActing(token)))
  })
  return { token, ticket, url: `${deps.frontendOriginOf(instance!)}/v1/tickets/accept?ticket=${ticket}` }
}

/** @throws {AuthorityError} `form_param_value_too_large` if a session's token could not carry what is to be said of the actor */
function requireRoomInToken(asked: Pick<ActorToken, 'actor' | 'permissions'>): void {
  if (Buffer.byteLength(JSON.stringify(actingAs(asked))) <= LONGEST_ACTOR) return
  throw invalidParam(
    'form_param_value_too_large',
    'permissions',
    `Actor and permissions must have ${LONGEST_ACTOR} bytes of JSON at most, together.`,
  )
}
