import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { invalidParam, notFound } from '../../core/errors.ts'
import type { EmailAddressId, IdSource, InstanceId, PhoneNumberId, UserId } from '../../core/ids.ts'
import { mergeJson, type JsonObject } from '../../core/json.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock, Millis } from '../../core/time.ts'
import type { UserStore } from './store.ts'
import { LONGEST_METADATA, type IdentifierType, type User } from './user.ts'

/** What this asks of sessions. */
interface SessionsOfUsers {
  endAllOf(instanceId: InstanceId, id: UserId, how: 'removed', at: Millis): Promise<number>
}

export interface ChangeUserDeps extends Transactions<{
  users: UserStore
  sessions: SessionsOfUsers
  audit: AuditLog
}> {
  readonly clock: Clock
  readonly ids: IdSource
}

export interface NewUser {
  readonly externalId: string | null
  readonly username: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly emailAddresses: readonly string[]
  readonly phoneNumbers: readonly string[]
  readonly metadata: Partial<User['metadata']>
}

/** What may change; a field that is absent stays, and so does metadata of a kind that is absent. */
export type UserChange = Partial<
  Pick<NewUser, 'externalId' | 'username' | 'firstName' | 'lastName' | 'metadata'>
>

const NOTHING: JsonObject = {}

/** @throws {AuthorityError} `form_identifier_exists` */
export function createUser(
  { transaction, clock, ids }: ChangeUserDeps,
  call: Call,
  asked: NewUser,
): Promise<User> {
  const now = clock.now()
  const user: User = {
    ...asked,
    id: ids.next<UserId>('user'),
    instanceId: call.caller.instanceId,
    emailAddresses: asked.emailAddresses.map((value) => ({ id: ids.next<EmailAddressId>('idn'), value })),
    phoneNumbers: asked.phoneNumbers.map((value) => ({ id: ids.next<PhoneNumberId>('idn'), value })),
    metadata: { public: NOTHING, private: NOTHING, unsafe: NOTHING, ...asked.metadata },
    createdAt: now,
    updatedAt: now,
  }
  return transaction(async ({ users, audit }) => {
    refuseTaken(await users.insert(user))
    await audit.record(eventOf(call, now, 'user.create', user.id))
    return user
  })
}

/** @throws {AuthorityError} `resource_not_found`, `form_identifier_exists` */
export const updateUser = (deps: ChangeUserDeps, call: Call, id: UserId, change: UserChange): Promise<User> =>
  changeUser(deps, call, id, (user) => ({
    ...user,
    ...change,
    metadata: { ...user.metadata, ...change.metadata },
  }))

/**
 * Merges into the metadata of each kind that is given: objects at every level, `null` removes.
 *
 * @throws {AuthorityError} `resource_not_found`, `form_param_value_too_large` if it would grow too large
 */
export const mergeUserMetadata = (
  deps: ChangeUserDeps,
  call: Call,
  id: UserId,
  patch: Partial<User['metadata']>,
): Promise<User> =>
  changeUser(deps, call, id, (user) => {
    const metadata = {
      public: mergeJson(user.metadata.public, patch.public ?? NOTHING),
      private: mergeJson(user.metadata.private, patch.private ?? NOTHING),
      unsafe: mergeJson(user.metadata.unsafe, patch.unsafe ?? NOTHING),
    }
    for (const [kind, value] of Object.entries(metadata)) {
      if (Buffer.byteLength(JSON.stringify(value)) <= LONGEST_METADATA) continue
      throw invalidParam(
        'form_param_value_too_large',
        `${kind}_metadata`,
        'The merged metadata would be too large.',
      )
    }
    return { ...user, metadata }
  })

function changeUser(
  { transaction, clock }: ChangeUserDeps,
  call: Call,
  id: UserId,
  change: (user: User) => User,
): Promise<User> {
  const now = clock.now()
  return transaction(async ({ users, audit }) => {
    const user = await users.find(call.caller.instanceId, id)
    if (user === null) throw notFound({ noun: 'User', id })
    const changed = { ...change(user), updatedAt: now }
    refuseTaken(await users.replace(changed))
    await audit.record(eventOf(call, now, 'user.update', id))
    return changed
  })
}

/** All sessions of the user end with it. @throws {AuthorityError} `resource_not_found` */
export function deleteUser({ transaction, clock }: ChangeUserDeps, call: Call, id: UserId): Promise<void> {
  const now = clock.now()
  return transaction(async ({ users, sessions, audit }) => {
    if (!(await users.delete(call.caller.instanceId, id))) throw notFound({ noun: 'User', id })
    await sessions.endAllOf(call.caller.instanceId, id, 'removed', now)
    await audit.record(eventOf(call, now, 'user.delete', id))
  })
}

function refuseTaken(taken: IdentifierType | null): void {
  if (taken !== null)
    throw invalidParam('form_identifier_exists', taken, 'Another user of the instance has it.')
}
