import type { InstanceId } from '../../core/ids.ts'
import type { Reads } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import { hasGoodSignature, parseJwt, type Jwt } from '../../signing/jws.ts'
import type { Keys } from '../../signing/keys.ts'
import { sessionIdIn } from './jwt.ts'
import { stateOf, type Session } from './session.ts'
import type { SessionReader } from './store.ts'

export interface VerifySessionTokenDeps extends Reads<{ sessions: SessionReader }> {
  readonly clock: Clock
  readonly keys: Keys
}

/** Gives a verdict on any string at all. Unlike a check of the signature alone, it knows whether the session was ended. */
export async function verifySessionToken(
  deps: VerifySessionTokenDeps,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<Session>> {
  const proven = await proveSessionToken(deps, instanceId, presented)
  if (!proven.active) return proven
  const { payload } = proven.token
  const now = deps.clock.now()
  if (!isDate(payload.exp) || !isDate(payload.nbf)) return inactive('malformed')
  if (payload.nbf * 1000 > now) return inactive('not_yet_valid')
  if (payload.exp * 1000 <= now) return inactive('expired')
  return sessionOf(deps, instanceId, proven.token)
}

/** What it says, if this instance has signed it, however long ago. */
export async function proveSessionToken(
  { keys }: Pick<VerifySessionTokenDeps, 'keys'>,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<Jwt>> {
  const jwt = parseJwt(presented)
  if (jwt === null) return inactive('malformed')
  const { kid } = jwt.header
  if (sessionIdIn(jwt) === null || typeof kid !== 'string') return inactive('wrong_kind')
  const signer = await keys.verifying(instanceId, 'token', kid)
  if (signer === null || !hasGoodSignature(jwt, signer.key)) return inactive('bad_signature')
  const { iat } = jwt.payload
  if (!isDate(iat)) return inactive('malformed')
  return signer.tokensNotBefore !== null && iat * 1000 <= signer.tokensNotBefore
    ? inactive('revoked')
    : active(jwt)
}

/** The session of a JWT that is proven, if it is still good. */
async function sessionOf(
  { read, clock }: VerifySessionTokenDeps,
  instanceId: InstanceId,
  jwt: Jwt,
): Promise<Verdict<Session>> {
  const session = await read.sessions.find(instanceId, sessionIdIn(jwt)!)
  if (session === null || session.userId !== jwt.payload.sub) return inactive('unknown')
  const state = stateOf(session, clock.now())
  if (state === 'active') return active(session)
  return inactive(state === 'expired' || state === 'abandoned' ? 'expired' : 'revoked')
}

const isDate = (value: unknown): value is number => typeof value === 'number'
