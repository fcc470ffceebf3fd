import type { InstanceId, SignInTokenId } from '../../core/ids.ts'
import type { Reads } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import type { Keys } from '../../signing/keys.ts'
import { readTicket } from '../../signing/ticket.ts'
import { stateOf, type SignInToken } from './sign-in-token.ts'
import type { SignInTokenReader } from './store.ts'

export interface VerifySignInTokenDeps extends Reads<{ signInTokens: SignInTokenReader }> {
  readonly clock: Clock
  readonly keys: Keys
}

/** Gives a verdict on any string at all, and leaves the token as it is: this does not redeem it. */
export async function verifySignInToken(
  { read, clock, keys }: VerifySignInTokenDeps,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<SignInToken>> {
  const ticket = await readTicket<SignInTokenId>(keys, instanceId, 'sign_in_token', presented)
  if (!ticket.active) return ticket
  const token = await read.signInTokens.find(instanceId, ticket.token)
  if (token === null) return inactive('unknown')
  const state = stateOf(token, clock.now())
  return state === 'active' ? active(token) : inactive(state)
}
