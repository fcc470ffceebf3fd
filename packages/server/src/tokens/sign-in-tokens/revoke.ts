import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { AuthorityError, notFound } from '../../core/errors.ts'
import type { SignInTokenId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { SignInToken } from './sign-in-token.ts'
import type { SignInTokenStore } from './store.ts'

export interface RevokeSignInTokenDeps extends Transactions<{
  signInTokens: SignInTokenStore
  audit: AuditLog
}> {
  readonly clock: Clock
}

/**
 * Ends a token that has not been redeemed, expired or not.
 *
 * @throws {AuthorityError} `resource_not_found`, or `sign_in_token_cannot_be_revoked_code` unless it is pending
 */
export function revokeSignInToken(
  { transaction, clock }: RevokeSignInTokenDeps,
  call: Call,
  id: SignInTokenId,
): Promise<SignInToken> {
  const { instanceId } = call.caller
  const at = clock.now()
  return transaction(async ({ signInTokens, audit }) => {
    const revoked = await signInTokens.change(instanceId, id, 'revoked', at)
    if (revoked !== null) {
      await audit.record(eventOf(call, at, 'sign_in_token.revoke', id))
      return revoked
    }
    const token = await signInTokens.find(instanceId, id)
    if (token === null) throw notFound()
    throw new AuthorityError('sign_in_token_cannot_be_revoked_code', {
      longMessage: `The sign-in token is ${token.status}; only a pending one can be revoked.`,
    })
  })
}
