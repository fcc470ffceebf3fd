import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import type { IdSource, SignInTokenId, UserId } from '../../core/ids.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { after, type Clock, type Seconds } from '../../core/time.ts'
import { signInPageOf, type FrontendOriginOf } from '../../directory/instances/instance.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import { requireUser, type KnownUsersDeps } from '../../directory/users/known.ts'
import type { UserReader } from '../../directory/users/store.ts'
import type { Keys } from '../../signing/keys.ts'
import { ticketOf } from '../../signing/ticket.ts'
import type { SignInToken } from './sign-in-token.ts'
import type { SignInTokenStore } from './store.ts'

export interface IssueSignInTokenDeps
  extends
    Pick<KnownUsersDeps, 'acceptUnknownUsers'>,
    Reads<{ users: UserReader; instances: InstanceReader }>,
    Transactions<{ signInTokens: SignInTokenStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly keys: Keys
  readonly frontendOriginOf: FrontendOriginOf
}

/** @throws {AuthorityError} `resource_not_found` for an unknown user */
export async function issueSignInToken(
  deps: IssueSignInTokenDeps,
  call: Call,
  { userId, lifetime }: { readonly userId: UserId; readonly lifetime: Seconds },
): Promise<{ token: SignInToken; ticket: string; url: string }> {
  const { instanceId } = call.caller
  await requireUser(deps, instanceId, userId)
  const now = deps.clock.now()
  const token: SignInToken = {
    id: deps.ids.next<SignInTokenId>('sit'),
    instanceId,
    userId,
    status: 'pending',
    expiresAt: after(now, lifetime),
    createdAt: now,
    updatedAt: now,
  }
  const ticket = await ticketOf(deps.keys, 'sign_in_token', token)
  const instance = await deps.read.instances.find(instanceId)
  await deps.transaction(async ({ signInTokens, audit }) => {
    await signInTokens.insert(token)
    await audit.record(eventOf(call, now, 'sign_in_token.issue', token.id, `as ${userId}`))
  })
  return { token, ticket, url: signInPageOf(instance!, deps.frontendOriginOf, ticket) }
}
