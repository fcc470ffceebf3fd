import type { InstanceId, TestingTokenId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { TestingToken } from './testing-token.ts'

export interface TestingTokenReader {
  /** `null` if the instance has no such token. Expired ones are found. */
  find(instanceId: InstanceId, id: TestingTokenId): Promise<TestingToken | null>
  /** Newest first. */
  list(
    instanceId: InstanceId,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly tokens: readonly TestingToken[]; readonly totalCount: number }>
}

export interface TestingTokenStore extends TestingTokenReader {
  insert(token: TestingToken): Promise<void>
  /** `null` if somebody has revoked it already, or there is none; then nothing has changed. */
  revoke(instanceId: InstanceId, id: TestingTokenId, at: Millis): Promise<TestingToken | null>
  /** Counts one use. False, having counted nothing, if none is left. */
  use(instanceId: InstanceId, id: TestingTokenId): Promise<boolean>
}
