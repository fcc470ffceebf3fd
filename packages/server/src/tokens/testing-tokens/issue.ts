import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { testingTokenId, timeOfUuid, type IdSource } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import type { Transactions } from '../../core/stores.ts'
import { millis, toSeconds } from '../../core/time.ts'
import type { TestingTokenStore } from './store.ts'
import { TESTING_TOKEN_LIFETIME, testingSecretOf, type TestingToken } from './testing-token.ts'

export interface IssueTestingTokenDeps extends Transactions<{
  testingTokens: TestingTokenStore
  audit: AuditLog
}> {
  readonly ids: IdSource
  readonly ring: KeyRing
}

/** Issues a testing token for the caller's instance. */
export async function issueTestingToken(
  { transaction, ids, ring }: IssueTestingTokenDeps,
  call: Call,
): Promise<{ token: TestingToken; secret: string }> {
  const id = ids.uuid()
  const createdAt = timeOfUuid(id)
  const token: TestingToken = {
    id: testingTokenId(id),
    instanceId: call.caller.instanceId,
    macKeyId: ring.currentId,
    createdAt,
    // On a whole second, because that is what the wire tells.
    expiresAt: millis((toSeconds(createdAt) + TESTING_TOKEN_LIFETIME) * 1000),
  }
  await transaction(async ({ testingTokens, audit }) => {
    await testingTokens.insert(token)
    await audit.record(eventOf(call, createdAt, 'testing_token.issue', token.id))
  })
  return { token, secret: testingSecretOf(ring, token) }
}
