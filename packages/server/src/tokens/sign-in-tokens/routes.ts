import type { SignInTokenId, UserId } from '../../core/ids.ts'
import { route, type Route } from '../../core/operation.ts'
import { seconds } from '../../core/time.ts'
import { issueSignInToken, type IssueSignInTokenDeps } from './issue.ts'
import { revokeSignInToken, type RevokeSignInTokenDeps } from './revoke.ts'
import * as wire from './wire.ts'

export const signInTokenRoutes = (deps: IssueSignInTokenDeps & RevokeSignInTokenDeps): readonly Route[] => [
  route(wire.createSignInTokenOperation, async ({ body }, call) => {
    const { token, ticket, url } = await issueSignInToken(deps, call, {
      userId: body.user_id as UserId,
      lifetime: seconds(body.expires_in_seconds ?? wire.DEFAULT_LIFETIME),
    })
    return { ...wire.toSignInTokenResource(token), token: ticket, url }
  }),

  route(wire.revokeSignInTokenOperation, async ({ params: { sign_in_token_id } }, call) =>
    wire.toSignInTokenResource(await revokeSignInToken(deps, call, sign_in_token_id as SignInTokenId)),
  ),
]
