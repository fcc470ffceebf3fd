/**
 * Tickets: JWTs that only this authority reads, each for one use. They have no kid, no `cat` and no `sub`, and
 * their key is not published: nothing that a verifier of sessions would take (wire reference, "Tickets").
 */
import type { InstanceId } from '../core/ids.ts'
import { toSeconds, type Millis } from '../core/time.ts'
import { active, inactive, type Verdict } from '../core/verdict.ts'
import { hasGoodSignature, parseJwt, signJwt } from './jws.ts'
import type { Keys } from './keys.ts'

/** What a ticket stands for: its `st`. */
export type TicketSource = 'actor_token' | 'sign_in_token'

interface TicketFor {
  readonly id: string
  readonly instanceId: InstanceId
  readonly createdAt: Millis
  readonly expiresAt: Millis
}

export async function ticketOf(keys: Keys, source: TicketSource, token: TicketFor): Promise<string> {
  const { id, instanceId, createdAt, expiresAt } = token
  const { key } = await keys.signing(instanceId, 'ticket')
  const lifetime = Math.round((expiresAt - createdAt) / 1000)
  const payload = { eis: lifetime, exp: toSeconds(expiresAt), iid: instanceId, sid: id, st: source }
  return signJwt({}, payload, key)
}

/** The id in a ticket of that source and instance. Neither expiry nor use is looked at: both are kept with the token. */
export async function readTicket<Id extends string>(
  keys: Keys,
  instanceId: InstanceId,
  source: TicketSource,
  presented: string,
): Promise<Verdict<Id>> {
  const jwt = parseJwt(presented)
  if (jwt === null) return inactive('malformed')
  const { header, payload } = jwt
  const { iid, st, sid } = payload
  if (header.kid !== undefined || iid !== instanceId || st !== source || typeof sid !== 'string') {
    return inactive('wrong_kind')
  }
  const candidates = await keys.verifyingAll(instanceId, 'ticket')
  return candidates.some((key) => hasGoodSignature(jwt, key)) ? active(sid as Id) : inactive('bad_signature')
}

/** What a ticket says that it stands for, before anything of it is proven. */
export function claimedSource(presented: string): TicketSource | null {
  const source = parseJwt(presented)?.payload.st
  return source === 'actor_token' || source === 'sign_in_token' ? source : null
}
