import type { Call, Caller } from '../../core/caller.ts'
import type { M2mTokenId } from '../../core/ids.ts'
import type { MacKeyId } from '../../core/secrets/master-key.ts'
import type { SecretReader } from '../../core/secrets/secrets.ts'
import type { Reads } from '../../core/stores.ts'
import { latest, millis, toSeconds, type Clock, type Millis } from '../../core/time.ts'
import { active, inactive, type Verdict } from '../../core/verdict.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import type { MachineReader } from '../../directory/machines/store.ts'
import { hasGoodSignature, looksLikeJwt, parseJwt } from '../../signing/jws.ts'
import type { Keys } from '../../signing/keys.ts'
import { isM2mJwt } from './jwt.ts'
import { revokedUntil, stateOf, type M2mToken, type M2mTokenFormat } from './m2m-token.ts'
import { readM2mSecret } from './secret.ts'
import type { M2mTokenReader, M2mTokenUses } from './store.ts'

export interface VerifyM2mTokenDeps extends Reads<{
  m2mTokens: M2mTokenReader
  machines: Pick<MachineReader, 'find'>
  instances: Pick<InstanceReader, 'find'>
}> {
  readonly clock: Clock
  readonly readSecret: SecretReader
  readonly keys: Keys
  readonly m2mTokenUses: M2mTokenUses
  /** How far the clock of the node that issued a token may be ahead, in milliseconds. */
  readonly clockSkew: Millis
}

/** A token that was just verified; that is its newest use. */
export interface VerifiedM2mToken {
  readonly token: M2mToken
  readonly usedAt: Millis
}

/** Gives a verdict on any string at all; throws only if the store cannot answer. */
export async function verifyM2mToken(
  deps: VerifyM2mTokenDeps,
  call: Call,
  presented: string,
): Promise<Verdict<VerifiedM2mToken>> {
  const now = deps.clock.now()
  const claimed = looksLikeJwt(presented)
    ? await readJwt(deps, call.caller, presented, now)
    : readOpaque(deps.readSecret, call.caller, presented)
  return claimed.active ? judge(deps, call.caller, claimed.token, now) : claimed
}

/** What a presented text proves before any record is read: that this authority issued that id in that format. */
interface Claimed {
  readonly id: M2mTokenId
  readonly format: M2mTokenFormat
  /** The master key that an opaque secret was made under; a JWT has none. */
  readonly macKeyId: MacKeyId | null
  /** What the signing key of a JWT signed until that instant is revoked. */
  readonly notBefore: Millis | null
}

function readOpaque(readSecret: SecretReader, { instanceId }: Caller, presented: string): Verdict<Claimed> {
  const secret = readM2mSecret(readSecret, instanceId, presented)
  return secret === null ? inactive('malformed') : active({ ...secret, format: 'opaque', notBefore: null })
}

async function readJwt(
  { keys, clockSkew }: VerifyM2mTokenDeps,
  { instanceId }: Caller,
  presented: string,
  now: Millis,
): Promise<Verdict<Claimed>> {
  const jwt = parseJwt(presented)
  if (jwt === null) return inactive('malformed')
  if (!isM2mJwt(jwt)) return inactive('wrong_kind')
  const { kid } = jwt.header
  const key = typeof kid === 'string' ? await keys.verifying(instanceId, 'token', kid) : null
  if (key === null || !hasGoodSignature(jwt, key.key)) return inactive('bad_signature')
  if ((jwt.payload.nbf as number) > toSeconds(millis(now + clockSkew))) return inactive('not_yet_valid')
  const id = jwt.payload.jti as M2mTokenId
  return active({ id, format: 'jwt', macKeyId: null, notBefore: key.tokensNotBefore })
}

/** The record decides: an opaque secret and a JWT are judged alike from here on. */
async function judge(
  { read, m2mTokenUses }: VerifyM2mTokenDeps,
  caller: Caller,
  { id, format, macKeyId, notBefore }: Claimed,
  now: Millis,
): Promise<Verdict<VerifiedM2mToken>> {
  const token = await read.m2mTokens.find(caller.instanceId, id)
  if (token === null || token.format !== format) return inactive('unknown')
  // Who holds a master key that was replaced can make secrets, but none for a token issued since.
  if (macKeyId !== null && macKeyId !== token.macKeyId) return inactive('unknown')
  if (!mayVerify(caller, token)) return inactive('not_in_scope')
  const machine = await read.machines.find(token.instanceId, token.subject)
  if (machine === null) return inactive('machine_deleted')
  const instance = await read.instances.find(token.instanceId)
  // Whichever of them came last: none makes another weaker.
  const revoked = latest(notBefore, machine.tokensNotBefore, instance?.tokensNotBefore)
  const state = stateOf(revokedUntil(token, revoked), now)
  if (state !== 'active') return inactive(state)
  m2mTokenUses.note(id, now)
  return active({ token, usedAt: now })
}

/** An instance may verify any token of its own, a machine those that were scoped to it when they were issued. */
const mayVerify = (caller: Caller, token: M2mToken): boolean =>
  caller.kind !== 'machine' || token.scopes.includes(caller.machineId)
