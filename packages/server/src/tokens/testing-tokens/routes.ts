import { route, type Route } from '../../core/operation.ts'
import { issueTestingToken, type IssueTestingTokenDeps } from './issue.ts'
import { createTestingTokenOperation, toTestingTokenResource } from './wire.ts'

export const testingTokenRoutes = (deps: IssueTestingTokenDeps): readonly Route[] => [
  route(createTestingTokenOperation, async (_input, call) => {
    const { token, secret } = await issueTestingToken(deps, call)
    return toTestingTokenResource(token, secret)
  }),
]
