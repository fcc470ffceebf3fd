import type { InstanceId } from '../../core/ids.ts'
import type { Reads } from '../../core/stores.ts'
import { latest, millis, seconds, toSeconds, type Clock, type Millis } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import { hasGoodSignature, parseJwt, type Jwt } from '../../signing/jws.ts'
import type { Keys } from '../../signing/keys.ts'
import {
  JTI_PATTERN,
  MACHINE_JWT_CATEGORIES,
  RESERVED_CLAIMS,
  SUBJECT_PATTERN,
  type MachineToken,
} from './machine-token.ts'

export interface VerifyMachineTokenDeps extends Reads<{ instances: Pick<InstanceReader, 'find'> }> {
  readonly clock: Clock
  readonly keys: Keys
  /** How far the clock of the node that issued a token may be ahead, in milliseconds. */
  readonly clockSkew: Millis
}

/** Gives a verdict on any string at all. All it needs is in the token and the instance's public keys. */
export async function verifyMachineToken(
  { clock, keys, read, clockSkew }: VerifyMachineTokenDeps,
  instanceId: InstanceId,
  presented: string,
): Promise<Verdict<MachineToken>> {
  const jwt = parseJwt(presented)
  if (jwt === null) return inactive('malformed')
  const token = readMachineJwt(jwt)
  if (token === null) return inactive('wrong_kind')
  const { kid } = jwt.header
  const key = typeof kid === 'string' ? await keys.verifying(instanceId, 'token', kid) : null
  if (key === null || !hasGoodSignature(jwt, key.key)) return inactive('bad_signature')
  const now = toSeconds(clock.now())
  if (token.notBefore > toSeconds(millis(clock.now() + clockSkew))) return inactive('not_yet_valid')
  const instance = await read.instances.find(instanceId)
  const notBefore = latest(key.tokensNotBefore, instance?.tokensNotBefore)
  // It says its second only: of the one in which all were revoked, none is good.
  if (notBefore !== null && token.issuedAt <= toSeconds(notBefore)) return inactive('revoked')
  return token.expiresAt <= now ? inactive('expired') : active(token)
}

/** `null` for a JWT of any other kind: an M2M JWT may share the `cat` but never the form of the `jti`. */
function readMachineJwt({ header, payload }: Jwt): MachineToken | null {
  const { sub, jti, iat, nbf, exp } = payload
  if (!Object.values<unknown>(MACHINE_JWT_CATEGORIES).includes(header.cat)) return null
  if (typeof jti !== 'string' || !JTI_PATTERN.test(jti)) return null
  if (typeof sub !== 'string' || !SUBJECT_PATTERN.test(sub)) return null
  if (typeof iat !== 'number' || typeof nbf !== 'number' || typeof exp !== 'number') return null
  const reserved: readonly string[] = RESERVED_CLAIMS
  const claims = Object.fromEntries(Object.entries(payload).filter(([name]) => !reserved.includes(name)))
  return {
    subject: sub,
    jti,
    issuedAt: seconds(iat),
    notBefore: seconds(nbf),
    expiresAt: seconds(exp),
    claims,
  }
}
