import { notFound } from '../../core/errors.ts'
import type { InstanceId, UserId } from '../../core/ids.ts'
import type { Reads } from '../../core/stores.ts'
import { isUserId, type UserReader, type UserStore } from './store.ts'

export interface KnownUsersDeps extends Reads<{ users: UserReader }> {
  /** Take any well-formed user id for a user, for applications that keep their users elsewhere. */
  readonly acceptUnknownUsers: boolean
}

/** As it is in a transaction. */
export const isKnownUser = async (
  { acceptUnknownUsers }: Pick<KnownUsersDeps, 'acceptUnknownUsers'>,
  users: Pick<UserReader, 'find'>,
  instanceId: InstanceId,
  id: UserId,
): Promise<boolean> => (acceptUnknownUsers && isUserId(id)) || (await users.find(instanceId, id)) !== null

/** Users that nobody deletes until the transaction has ended which asks. */
export const holding = (users: UserStore): Pick<UserReader, 'find'> => ({
  find: (instanceId, id) => users.findAndHold(instanceId, id),
})

/** @throws {AuthorityError} `resource_not_found` */
export async function requireUser(deps: KnownUsersDeps, instanceId: InstanceId, id: UserId): Promise<void> {
  if (await isKnownUser(deps, deps.read.users, instanceId, id)) return
  // What is not even an id is not repeated: it might be a secret in the wrong place.
  throw notFound(isUserId(id) ? { noun: 'User', id } : undefined)
}
