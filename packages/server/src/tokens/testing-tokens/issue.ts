import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { AuthorityError } from '../../core/errors.ts'
import { testingTokenId, timeOfUuid, type IdSource } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { millis, toSeconds, type Seconds } from '../../core/time.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import type { TestingTokenStore } from './store.ts'
import { isHonoured, testingSecretOf, type TestingToken, type TestingTokenPolicy } from './testing-token.ts'

export interface IssueTestingTokenDeps
  extends
    TestingTokenPolicy,
    Reads<{ instances: InstanceReader }>,
    Transactions<{ testingTokens: TestingTokenStore; audit: AuditLog }> {
  readonly ids: IdSource
  readonly ring: KeyRing
}

export interface NewTestingToken {
  readonly lifetime: Seconds
  readonly label: string | null
  readonly maxUses: number | null
}

/**
 * Issues a testing token for the caller's instance.
 *
 * @throws {AuthorityError} `request_invalid_for_environment` where nobody would honour it
 */
export async function issueTestingToken(
  deps: IssueTestingTokenDeps,
  call: Call,
  { lifetime, label, maxUses }: NewTestingToken,
): Promise<{ token: TestingToken; secret: string }> {
  const { transaction, ids, ring } = deps
  if (!isHonoured(deps, await deps.read.instances.find(call.caller.instanceId))) {
    throw new AuthorityError('request_invalid_for_environment', {
      longMessage: 'A live instance has no testing tokens, unless its operator sets testingTokensOnLive.',
    })
  }
  const id = ids.uuid()
  const createdAt = timeOfUuid(id)
  const token: TestingToken = {
    id: testingTokenId(id),
    instanceId: call.caller.instanceId,
    macKeyId: ring.currentId,
    label,
    maxUses,
    uses: 0,
    revokedAt: null,
    createdAt,
    // On a whole second, because that is what the wire tells.
    expiresAt: millis((toSeconds(createdAt) + lifetime) * 1000),
  }
  await transaction(async ({ testingTokens, audit }) => {
    await testingTokens.insert(token)
    await audit.record(eventOf(call, createdAt, 'testing_token.issue', token.id))
  })
  return { token, secret: testingSecretOf(ring, token) }
}
