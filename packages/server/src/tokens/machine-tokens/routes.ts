import { route, type Route } from '../../core/operation.ts'
import { seconds } from '../../core/time.ts'
import { issueMachineToken, type IssueMachineTokenDeps } from './issue.ts'
import { createMachineTokenOperation } from './wire.ts'

export const machineTokenRoutes = (deps: IssueMachineTokenDeps): readonly Route[] => [
  route(createMachineTokenOperation, async ({ body }, call) => ({
    object: 'token',
    jwt: await issueMachineToken(deps, call, {
      subject: body.machine_id,
      claims: body.claims ?? null,
      lifetime: seconds(body.expires_in_seconds),
      allowedClockSkew: seconds(body.allowed_clock_skew),
    }),
  })),
]
