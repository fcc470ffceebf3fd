import type { InstanceId } from '../../core/ids.ts'
import type { SecretReader } from '../../core/secrets/secrets.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { isPast, type Clock } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import type { TestingTokenReader, TestingTokenStore } from './store.ts'
import { isHonoured, readTestingSecret, type TestingToken, type TestingTokenPolicy } from './testing-token.ts'

export interface VerifyTestingTokenDeps
  extends
    TestingTokenPolicy,
    Reads<{ testingTokens: TestingTokenReader; instances: InstanceReader }>,
    Transactions<{ testingTokens: TestingTokenStore }> {
  readonly clock: Clock
  readonly readSecret: SecretReader
}

/**
 * Gives a verdict on any string at all; throws only if the store cannot answer. A token that may be used a number of
 * times has been used once more when this says that it is good, however many ask at once.
 */
export async function verifyTestingToken(
  deps: VerifyTestingTokenDeps,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<TestingToken>> {
  const { read, clock, readSecret, transaction } = deps
  const secret = readTestingSecret(readSecret, instanceId, presented)
  if (secret === null) return inactive('malformed')
  const token = await read.testingTokens.find(instanceId, secret.id)
  // Who holds a master key that was replaced can make secrets, but none for a token issued since.
  if (token === null || token.macKeyId !== secret.macKeyId) return inactive('unknown')
  if (!isHonoured(deps, await read.instances.find(instanceId))) return inactive('wrong_environment')
  if (token.revokedAt !== null) return inactive('revoked')
  if (isPast(token.expiresAt, clock.now())) return inactive('expired')
  if (token.maxUses === null) return active(token)
  const isLeft = await transaction(({ testingTokens }) => testingTokens.use(instanceId, token.id))
  return isLeft ? active(token) : inactive('used_up')
}
