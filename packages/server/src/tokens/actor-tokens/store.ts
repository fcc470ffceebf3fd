import type { ActorTokenId, InstanceId, UserId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { ActorToken } from './actor-token.ts'

export interface ActorTokenQuery {
  readonly userId: UserId | null
  readonly status: ActorToken['status'] | null
}

export interface ActorTokenReader {
  /** `null` if the instance has no such token, whatever its status. */
  find(instanceId: InstanceId, id: ActorTokenId): Promise<ActorToken | null>
  /** Newest first. */
  list(
    instanceId: InstanceId,
    query: ActorTokenQuery,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly tokens: readonly ActorToken[]; readonly totalCount: number }>
}

/** What actor tokens ask of storage. An adapter is correct when it passes the conformance suite. */
export interface ActorTokenStore extends ActorTokenReader {
  insert(token: ActorToken): Promise<void>
  /** From pending to another status. `null` if it was not pending; then nothing has changed. */
  change(
    instanceId: InstanceId,
    id: ActorTokenId,
    to: 'accepted' | 'revoked',
    at: Millis,
  ): Promise<ActorToken | null>
}
