import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { notFound } from '../../core/errors.ts'
import type { TestingTokenId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { TestingTokenStore } from './store.ts'
import type { TestingToken } from './testing-token.ts'

export interface RevokeTestingTokenDeps extends Transactions<{
  testingTokens: TestingTokenStore
  audit: AuditLog
}> {
  readonly clock: Clock
}

/** One that is revoked already stays as it is. @throws {AuthorityError} `resource_not_found` */
export function revokeTestingToken(
  { transaction, clock }: RevokeTestingTokenDeps,
  call: Call,
  id: TestingTokenId,
): Promise<TestingToken> {
  const { instanceId } = call.caller
  const at = clock.now()
  return transaction(async ({ testingTokens, audit }) => {
    const revoked = await testingTokens.revoke(instanceId, id, at)
    if (revoked !== null) await audit.record(eventOf(call, at, 'testing_token.revoke', id))
    const token = revoked ?? (await testingTokens.find(instanceId, id))
    if (token === null) throw notFound()
    return token
  })
}
