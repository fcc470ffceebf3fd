import type { SignInTokenId } from '../../core/ids.ts'
import type { Redemption } from '../../directory/sessions/redeem.ts'
import type { SignInToken } from './sign-in-token.ts'
import type { SignInTokenStore } from './store.ts'

/** Redeems a ticket for a session of the user's own (wire reference, "Redemption"). */
export const signInTokenRedemption: Redemption<
  SignInTokenId,
  SignInToken,
  { readonly signInTokens: SignInTokenStore }
> = {
  source: 'sign_in_token',
  action: 'sign_in_token.redeem',
  refusals: {
    revoked: 'sign_in_token_revoked_code',
    accepted: 'sign_in_token_already_used_code',
    userIsGone: 'sign_in_token_cannot_be_used_code',
  },
  tokensIn: ({ signInTokens }) => signInTokens,
  session: () => ({ actor: null, actorTokenId: null, maxDuration: null }),
  describe: ({ userId }) => `as ${userId}`,
}
