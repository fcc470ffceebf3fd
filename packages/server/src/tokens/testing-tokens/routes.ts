import { AuthorityError } from '../../core/errors.ts'
import { route, type Route } from '../../core/operation.ts'
import { issueTestingToken, type IssueTestingTokenDeps } from './issue.ts'
import { verifyTestingToken, type VerifyTestingTokenDeps } from './verify.ts'
import * as wire from './wire.ts'

export const testingTokenRoutes = (
  deps: IssueTestingTokenDeps & VerifyTestingTokenDeps,
): readonly Route[] => [
  route(wire.createTestingTokenOperation, async (_input, call) => {
    const { token, secret } = await issueTestingToken(deps, call)
    return wire.toTestingTokenResource(token, secret)
  }),

  route(wire.verifyTestingTokenOperation, async ({ body }, { caller }) => {
    const verdict = await verifyTestingToken(deps, caller.instanceId, body.token)
    if (!verdict.active) throw new AuthorityError('resource_not_found', { reason: verdict.reason })
    return wire.toVerifiedTestingTokenResource(verdict.token)
  }),
]
