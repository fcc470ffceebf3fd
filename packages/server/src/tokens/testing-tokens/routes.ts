import { AuthorityError, notFound } from '../../core/errors.ts'
import type { TestingTokenId } from '../../core/ids.ts'
import { route, type Route } from '../../core/operation.ts'
import { seconds } from '../../core/time.ts'
import { issueTestingToken, type IssueTestingTokenDeps } from './issue.ts'
import { revokeTestingToken, type RevokeTestingTokenDeps } from './revoke.ts'
import { verifyTestingToken, type VerifyTestingTokenDeps } from './verify.ts'
import * as wire from './wire.ts'

export type TestingTokenRouteDeps = IssueTestingTokenDeps & VerifyTestingTokenDeps & RevokeTestingTokenDeps

export const testingTokenRoutes = (deps: TestingTokenRouteDeps): readonly Route[] => [
  route(wire.createTestingTokenOperation, async ({ body }, call) => {
    const { token, secret } = await issueTestingToken(deps, call, {
      lifetime: seconds(body.expires_in_seconds),
      label: body.label ?? null,
      maxUses: body.max_uses ?? null,
    })
    return wire.toTestingTokenResource(token, secret)
  }),

  route(wire.listTestingTokensOperation, async ({ query }, { caller }) => {
    const { tokens, totalCount } = await deps.read.testingTokens.list(caller.instanceId, query)
    return { data: tokens.map(wire.toTestingTokenDetails), total_count: totalCount }
  }),

  route(wire.verifyTestingTokenOperation, async ({ body }, { caller }) => {
    const verdict = await verifyTestingToken(deps, caller.instanceId, body.token)
    if (!verdict.active) throw new AuthorityError('resource_not_found', { reason: verdict.reason })
    return wire.toVerifiedTestingTokenResource(verdict.token)
  }),

  route(wire.getTestingTokenOperation, async ({ params: { testing_token_id } }, { caller }) => {
    const token = await deps.read.testingTokens.find(caller.instanceId, testing_token_id as TestingTokenId)
    if (token === null) throw notFound()
    return wire.toTestingTokenDetails(token)
  }),

  route(wire.revokeTestingTokenOperation, async ({ params: { testing_token_id } }, call) =>
    wire.toTestingTokenDetails(await revokeTestingToken(deps, call, testing_token_id as TestingTokenId)),
  ),
]
