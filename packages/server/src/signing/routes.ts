import type { KeyId } from '../core/ids.ts'
import { route, type Route } from '../core/operation.ts'
import { seconds } from '../core/time.ts'
import { stateOfKey } from './key-life.ts'
import { revokeSigningKey } from './revoke.ts'
import { rotateSigningKey, type SigningKeyLifeDeps } from './rotate.ts'
import * as wire from './wire.ts'

export const signingKeyRoutes = (deps: SigningKeyLifeDeps): readonly Route[] => [
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
    const next = await rotateSigningKey(deps, call, { activateIn, overlap })
    return wire.toSigningKeyResource(next, activateIn === 0 ? 'active' : 'next')
  }),

  route(wire.revokeSigningKeyOperation, async ({ params: { key_id } }, call) =>
    wire.toSigningKeyResource(await revokeSigningKey(deps, call, key_id as KeyId), 'revoked'),
  ),
]
