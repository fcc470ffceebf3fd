import type { ActorTokenId, InstanceId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { ActorToken } from './actor-token.ts'

export interface ActorTokenReader {
  /** `null` if the instance has no such token, whatever its status. */
  find(instanceId: InstanceId, id: ActorTokenId): Promise<ActorToken | null>
}

/** What actor tokens ask of storage. An adapter is correct when it passes the conformance suite. */
export interface ActorTokenStore extends ActorTokenReader {
  insert(token: ActorToken): Promise<void>
  /** Pending to revoked. `null` if it was not pending; then nothing has changed. */
  revoke(instanceId: InstanceId, id: ActorTokenId, at: Millis): Promise<ActorToken | null>
}
