import type { KeyId } from '../core/ids.ts'
import { route, type Route } from '../core/operation.ts'
import { seconds } from '../core/time.ts'
import { stateOfKey } from './key-life.ts'
import { revokeSigningKey } from './revoke.ts'
import { rotateSigningKey, type SigningKeyLifeDeps } from './rotate.ts'
import { createTurns } from './turns.ts'
import * as wire from './wire.ts'

/** Each new key takes a tenth of a second of a core. */
const MOST_WAITING = 8

export function signingKeyRoutes(deps: SigningKeyLifeDeps): readonly Route[] {
  const inTurn = createTurns(MOST_WAITING)
  return [
    route(wire.listSigningKeysOperation, async (_input, { caller }) => {
      const keys = await deps.read.signingKeys.historyOf(caller.instanceId)
      const now = deps.clock.now()
      const data = keys
        .filter(({ use }) => use === 'token')
        .map((key) => wire.toSigningKeyResource(key, stateOfKey(key, keys, now)))
      return { data, total_count: data.length }
    }),

    route(wire.rotateSigningKeyOperation, async ({ body }, call) => {
      const activateIn = seconds(body.activate_in_seconds)
      const overlap = seconds(body.overlap_seconds)
      const rotate = () => rotateSigningKey(deps, call, { activateIn, overlap })
      const next = await inTurn(call.caller.instanceId, rotate)
      return wire.toSigningKeyResource(next, activateIn === 0 ? 'active' : 'next')
    }),

    route(wire.revokeSigningKeyOperation, async ({ params: { key_id } }, call) => {
      const revoke = () => revokeSigningKey(deps, call, key_id as KeyId)
      return wire.toSigningKeyResource(await inTurn(call.caller.instanceId, revoke), 'revoked')
    }),
  ]
}
