import type { InstanceId, TestingTokenId } from '../../core/ids.ts'
import type { TestingToken } from './testing-token.ts'

export interface TestingTokenReader {
  /** `null` if the instance has no such token. Expired ones are found. */
  find(instanceId: InstanceId, id: TestingTokenId): Promise<TestingToken | null>
}

export interface TestingTokenStore extends TestingTokenReader {
  insert(token: TestingToken): Promise<void>
}
