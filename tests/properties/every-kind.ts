/** Each kind of token, issued and verified in one way, for what holds for all of them. */
import type { Authority } from '../../packages/server/src/authority.ts'
import type { Call, InstanceCaller } from '../../packages/server/src/core/caller.ts'
import type { UserId } from '../../packages/server/src/core/ids.ts'
import { seconds } from '../../packages/server/src/core/time.ts'
import type { Verdict } from '../../packages/server/src/core/verdict.ts'
import { createSession } from '../../packages/server/src/directory/sessions/create.ts'
import { issueSessionToken } from '../../packages/server/src/directory/sessions/token.ts'
import { verifySessionToken } from '../../packages/server/src/directory/sessions/verify.ts'
import { issueActorToken } from '../../packages/server/src/tokens/actor-tokens/issue.ts'
import { verifyActorToken } from '../../packages/server/src/tokens/actor-tokens/verify.ts'
import { issueM2mToken } from '../../packages/server/src/tokens/m2m-tokens/issue.ts'
import { verifyM2mToken } from '../../packages/server/src/tokens/m2m-tokens/verify.ts'
import { issueMachineToken } from '../../packages/server/src/tokens/machine-tokens/issue.ts'
import { verifyMachineToken } from '../../packages/server/src/tokens/machine-tokens/verify.ts'
import { issueSignInToken } from '../../packages/server/src/tokens/sign-in-tokens/issue.ts'
import { verifySignInToken } from '../../packages/server/src/tokens/sign-in-tokens/verify.ts'
import { issueTestingToken } from '../../packages/server/src/tokens/testing-tokens/issue.ts'
import { verifyTestingToken } from '../../packages/server/src/tokens/testing-tokens/verify.ts'
import type { TestAuthority } from '../support/authority.ts'

export type Deps = Authority['deps']

interface Kind {
  /** @returns the token as its bearer has it */
  issue(deps: Deps, call: Call<never>, lifetime: number): Promise<string>
  verify(deps: Deps, call: Call, presented: string): Promise<Verdict<unknown>>
}

const m2m = (format: 'opaque' | 'jwt'): Kind => ({
  async issue(deps, call, lifetime) {
    const asked = { format, lifetime: seconds(lifetime), claims: null, minRemaining: null }
    return (await issueM2mToken(deps, call, asked)).secret
  },
  verify: verifyM2mToken,
})

export const KINDS: Readonly<Record<string, Kind>> = {
  'opaque M2M token': m2m('opaque'),
  'M2M JWT': m2m('jwt'),
  'actor token': {
    async issue(deps, call, lifetime) {
      const { ticket } = await issueActorToken(deps, call, {
        userId: 'user_a' as UserId,
        actor: { sub: 'user_support' },
        lifetime: seconds(lifetime),
        sessionMaxDuration: seconds(60),
        reason: null,
        reference: null,
        permissions: null,
      })
      return ticket
    },
    verify: (deps, { caller }, presented) => verifyActorToken(deps, caller.instanceId, presented),
  },
  'sign-in token': {
    async issue(deps, call, lifetime) {
      const asked = { userId: 'user_a' as UserId, lifetime: seconds(lifetime) }
      return (await issueSignInToken(deps, call, asked)).ticket
    },
    verify: (deps, { caller }, presented) => verifySignInToken(deps, caller.instanceId, presented),
  },
  'session token': {
    async issue(deps, call, lifetime) {
      const session = await createSession(deps, call as Call as Call<InstanceCaller>, 'user_a' as UserId)
      const options = { lifetime: seconds(lifetime), authorizedParty: null, refusal: 'signed_out' } as const
      return issueSessionToken(deps, call, session, options)
    },
    verify: (deps, { caller }, presented) => verifySessionToken(deps, caller.instanceId, presented),
  },
  'testing token': {
    async issue(deps, call, lifetime) {
      const asked = { lifetime: seconds(lifetime), label: null, maxUses: null }
      return (await issueTestingToken(deps, call, asked)).secret
    },
    verify: (deps, { caller }, presented) => verifyTestingToken(deps, caller.instanceId, presented),
  },
  'machine token': {
    issue: (deps, call, lifetime) =>
      issueMachineToken(deps, call, {
        subject: 'mch_a',
        claims: null,
        lifetime: seconds(lifetime),
        allowedClockSkew: seconds(5),
      }),
    verify: (deps, { caller }, presented) => verifyMachineToken(deps, caller.instanceId, presented),
  },
}

/** A call by a new machine, for issuing, and one by the operator, who may verify everything. */
export async function callersOf(world: TestAuthority): Promise<{ machine: Call<never>; operator: Call }> {
  const { id } = await world.machine(world.first)
  const { instance } = world.first
  const rest = { address: null, traceId: 'trace' }
  const machine = { kind: 'machine', instanceId: instance.id, machineId: id, keyId: 'key' } as never
  return {
    machine: { caller: machine, ...rest },
    operator: { caller: { kind: 'operator', instanceId: instance.id }, ...rest },
  }
}
