import type { ActorTokenId, InstanceId } from '../../core/ids.ts'
import type { Reads } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import type { Keys } from '../../signing/keys.ts'
import { readTicket } from '../../signing/ticket.ts'
import { stateOf, type ActorToken } from './actor-token.ts'
import type { ActorTokenReader } from './store.ts'

export interface VerifyActorTokenDeps extends Reads<{ actorTokens: ActorTokenReader }> {
  readonly clock: Clock
  readonly keys: Keys
}

/** Gives a verdict on any string at all, and leaves the token as it is: this does not redeem it. */
export async function verifyActorToken(
  { read, clock, keys }: VerifyActorTokenDeps,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<ActorToken>> {
  const ticket = await readTicket<ActorTokenId>(keys, instanceId, 'actor_token', presented)
  if (!ticket.active) return ticket
  const token = await read.actorTokens.find(instanceId, ticket.token)
  if (token === null) return inactive('unknown')
  const state = stateOf(token, clock.now())
  return state === 'active' ? active(token) : inactive(state)
}
