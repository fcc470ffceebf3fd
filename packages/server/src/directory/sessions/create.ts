import type { Call, InstanceCaller } from '../../core/caller.ts'
import { AuthorityError, notFound } from '../../core/errors.ts'
import type { UserId } from '../../core/ids.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import type { InstanceReader } from '../instances/store.ts'
import { holding, isKnownUser, type KnownUsersDeps } from '../users/known.ts'
import { isUserId, type UserStore } from '../users/store.ts'
import { beginSession, newBrowser, type BeginningStores, type BeginSessionDeps } from './begin.ts'
import type { Session } from './session.ts'

export type CreateSessionDeps = BeginSessionDeps &
  Pick<KnownUsersDeps, 'acceptUnknownUsers'> &
  Reads<{ instances: InstanceReader }> &
  Transactions<BeginningStores & { readonly users: UserStore }>

/**
 * Signs a user in at a browser that there is not: for tests of an application.
 *
 * @throws {AuthorityError} `request_invalid_for_environment` for a live instance, `resource_not_found`
 */
export async function createSession(
  deps: CreateSessionDeps,
  call: Call<InstanceCaller>,
  userId: UserId,
): Promise<Session> {
  const { instanceId } = call.caller
  if ((await deps.read.instances.find(instanceId))!.environment === 'live') {
    throw new AuthorityError('request_invalid_for_environment')
  }
  const now = deps.clock.now()
  const asking = { browser: newBrowser(deps, call, now), previous: null }
  const asked = { userId, actor: null, actorTokenId: null, maxDuration: null }
  return deps.transaction(async (stores) => {
    if (!(await isKnownUser(deps, holding(stores.users), instanceId, userId))) {
      throw notFound(isUserId(userId) ? { noun: 'User', id: userId } : undefined)
    }
    return beginSession(deps, stores, call, { asking, asked, open: [], now })
  })
}
