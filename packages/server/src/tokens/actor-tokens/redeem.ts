import type { ActorTokenId } from '../../core/ids.ts'
import type { Redemption } from '../../directory/sessions/redeem.ts'
import { actingAs, describeActing, type ActorToken } from './actor-token.ts'
import type { ActorTokenStore } from './store.ts'

/** Redeems a ticket for a session in which the actor acts as the user (wire reference, "Redemption"). */
export const actorTokenRedemption: Redemption<
  ActorTokenId,
  ActorToken,
  { readonly actorTokens: ActorTokenStore }
> = {
  source: 'actor_token',
  action: 'actor_token.redeem',
  refusals: {
    revoked: 'actor_token_revoked_code',
    accepted: 'actor_token_already_used_code',
    userIsGone: 'actor_token_subject_not_found',
  },
  tokensIn: ({ actorTokens }) => actorTokens,
  session: (token) => ({
    actor: actingAs(token),
    actorTokenId: token.id,
    maxDuration: token.sessionMaxDuration,
  }),
  describe: describeActing,
}
