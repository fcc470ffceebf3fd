import type { InstanceId } from '../../core/ids.ts'
import type { Reads } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import { hasGoodSignature, parseJwt } from '../../signing/jws.ts'
import type { Keys } from '../../signing/keys.ts'
import { stateOf, type ActorToken } from './actor-token.ts'
import type { ActorTokenReader } from './store.ts'
import { actorTokenIdIn } from './ticket.ts'

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
  const jwt = parseJwt(presented)
  if (jwt === null) return inactive('malformed')
  const id = actorTokenIdIn(jwt, instanceId)
  if (id === null) return inactive('wrong_kind')
  const candidates = await keys.verifyingAll(instanceId, 'ticket')
  if (!candidates.some((key) => hasGoodSignature(jwt, key))) return inactive('bad_signature')
  const token = await read.actorTokens.find(instanceId, id)
  if (token === null) return inactive('unknown')
  const state = stateOf(token, clock.now())
  return state === 'active' ? active(token) : inactive(state)
}
