import type { InstanceId, SignInTokenId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { SignInToken } from './sign-in-token.ts'

export interface SignInTokenReader {
  /** `null` if the instance has no such token, whatever its status. */
  find(instanceId: InstanceId, id: SignInTokenId): Promise<SignInToken | null>
}

/** What sign-in tokens ask of storage. An adapter is correct when it passes the conformance suite. */
export interface SignInTokenStore extends SignInTokenReader {
  insert(token: SignInToken): Promise<void>
  /** From pending to another status. `null` if it was not pending; then nothing has changed. */
  change(
    instanceId: InstanceId,
    id: SignInTokenId,
    to: 'accepted' | 'revoked',
    at: Millis,
  ): Promise<SignInToken | null>
}
