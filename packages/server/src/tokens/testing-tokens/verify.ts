import type { InstanceId } from '../../core/ids.ts'
import type { SecretReader } from '../../core/secrets/secrets.ts'
import type { Reads } from '../../core/stores.ts'
import { isPast, type Clock } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import type { TestingTokenReader } from './store.ts'
import { readTestingSecret, type TestingToken } from './testing-token.ts'

export interface VerifyTestingTokenDeps extends Reads<{ testingTokens: TestingTokenReader }> {
  readonly clock: Clock
  readonly readSecret: SecretReader
}

/** Gives a verdict on any string at all; throws only if the store cannot answer. */
export async function verifyTestingToken(
  { read, clock, readSecret }: VerifyTestingTokenDeps,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<TestingToken>> {
  const secret = readTestingSecret(readSecret, instanceId, presented)
  if (secret === null) return inactive('malformed')
  const token = await read.testingTokens.find(instanceId, secret.id)
  // Who holds a master key that was replaced can make secrets, but none for a token issued since.
  if (token === null || token.macKeyId !== secret.macKeyId) return inactive('unknown')
  return isPast(token.expiresAt, clock.now()) ? inactive('expired') : active(token)
}
