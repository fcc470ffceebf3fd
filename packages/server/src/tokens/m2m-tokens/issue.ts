import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call, MachineCaller } from '../../core/caller.ts'
import { AuthorityError } from '../../core/errors.ts'
import { m2mTokenId, type IdSource } from '../../core/ids.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { after, latest, millis, seconds, type Clock, type Millis, type Seconds } from '../../core/time.ts'
import type { FrontendOriginOf, Instance } from '../../directory/instances/instance.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import type { Machine } from '../../directory/machines/machine.ts'
import type { MachineReader } from '../../directory/machines/store.ts'
import type { Keys } from '../../signing/keys.ts'
import { jwtExpiry, m2mJwtOf, reservedClaimIn } from './jwt.ts'
import type { M2mToken, M2mTokenFormat } from './m2m-token.ts'
import { m2mSecretOf } from './secret.ts'
import type { M2mTokenStore } from './store.ts'

export interface NewM2mToken {
  readonly format: M2mTokenFormat
  /** `null`: what the machine says, else an opaque token never expires and a JWT does after an hour. */
  readonly lifetime: Seconds | null
  readonly claims: Json
  /** Give out a token again that lives at least this long and is the same otherwise. Opaque only. */
  readonly minRemaining: Seconds | null
}

export interface IssueM2mTokenDeps
  extends
    Reads<{ machines: MachineReader; instances: InstanceReader }>,
    Transactions<{ m2mTokens: M2mTokenStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
  readonly keys: Keys
  readonly frontendOriginOf: FrontendOriginOf
  /** The longest life an operator allows; `null` for no limit of his own. */
  readonly longestLifetime: Seconds | null
}

export interface IssuedM2mToken {
  readonly token: M2mToken
  readonly secret: string
  /** It was issued before, and may have been used. */
  readonly pooled: boolean
}

const DEFAULT_JWT_LIFETIME = seconds(3600)

/** @throws {AuthorityError} `bad_request` for a lifetime or claims that this format cannot have */
export async function issueM2mToken(
  deps: IssueM2mTokenDeps,
  call: Call<MachineCaller>,
  asked: NewM2mToken,
): Promise<IssuedM2mToken> {
  const { instanceId, machineId } = call.caller
  const machine = await deps.read.machines.find(instanceId, machineId)
  if (machine === null) throw new AuthorityError('machine_secret_key_invalid')

  const instance = (await deps.read.instances.find(instanceId))!
  const lifetime = effectiveLifetime(asked, machine, deps.longestLifetime)
  const issuer = { instance, machine }
  if (asked.format === 'jwt') return issueJwt(deps, call, issuer, asked, lifetime ?? DEFAULT_JWT_LIFETIME)
  return issueOpaque(deps, call, issuer, asked, lifetime)
}

interface Issuer {
  readonly instance: Instance
  readonly machine: Machine
}

function issueOpaque(
  { transaction, clock, ids, ring }: IssueM2mTokenDeps,
  call: Call<MachineCaller>,
  { instance, machine }: Issuer,
  asked: NewM2mToken,
  lifetime: Seconds | null,
): Promise<IssuedM2mToken> {
  const now = clock.now()
  const notBefore = latest(machine.tokensNotBefore, instance.tokensNotBefore)
  const { minRemaining } = asked
  if (minRemaining !== null && lifetime !== null && minRemaining >= lifetime) {
    throw invalid('min_remaining_ttl_seconds', 'must be less than the lifetime of the token')
  }
  return transaction(async ({ m2mTokens, audit }) => {
    // Looked for inside the transaction: of two who ask at once, the second finds what the first made.
    if (minRemaining !== null) {
      const goodUntil = after(now, minRemaining)
      const { id: subject, scopes } = machine
      const pooled = await m2mTokens.findPooled(machine.instanceId, {
        subject,
        scopes,
        claims: asked.claims,
        macKeyId: ring.currentId,
        goodUntil,
        issuedAfter: notBefore,
      })
      if (pooled !== null) return { token: pooled, secret: m2mSecretOf(ring, pooled), pooled: true }
    }
    const expiresAt = lifetime === null ? null : after(now, lifetime)
    const life = { createdAt: afterRevoked(now, notBefore), expiresAt }
    const token = newToken({ ids, ring }, machine, asked, life)
    await m2mTokens.insert(token)
    await audit.record(eventOf(call, now, 'm2m_token.issue', token.id))
    return { token, secret: m2mSecretOf(ring, token), pooled: false }
  })
}

async function issueJwt(
  { transaction, clock, ids, ring, keys, frontendOriginOf }: IssueM2mTokenDeps,
  call: Call<MachineCaller>,
  { instance, machine }: Issuer,
  asked: NewM2mToken,
  lifetime: Seconds,
): Promise<IssuedM2mToken> {
  if (asked.claims !== null && !isJsonObject(asked.claims))
    throw invalid('claims', 'must be an object for a JWT')
  const reserved = asked.claims === null ? undefined : reservedClaimIn(asked.claims)
  if (reserved !== undefined) throw invalid(`claims.${reserved}`, 'is a claim that cannot be chosen')

  const now = clock.now()
  const expiresAt = jwtExpiry(now, after(now, lifetime))
  const signer = await keys.signing(machine.instanceId, 'token')
  const notBefore = latest(machine.tokensNotBefore, instance.tokensNotBefore, signer.tokensNotBefore)
  const life = { createdAt: afterRevoked(now, notBefore), expiresAt }
  const token = { ...newToken({ ids, ring }, machine, asked, life), expiresAt, signingKeyId: signer.id }
  const secret = await m2mJwtOf(token, now, frontendOriginOf(instance), signer)
  // Signed first, recorded second, handed out last: a JWT that left without a record could not be revoked.
  await transaction(async ({ m2mTokens, audit }) => {
    await m2mTokens.insert(token)
    await audit.record(eventOf(call, now, 'm2m_token.issue', token.id, 'jwt'))
  })
  return { token, secret, pooled: false }
}

const newToken = (
  { ids, ring }: { ids: IdSource; ring: KeyRing },
  machine: Machine,
  { format, claims }: NewM2mToken,
  { createdAt, expiresAt }: Pick<M2mToken, 'createdAt' | 'expiresAt'>,
): M2mToken => ({
  id: m2mTokenId(ids.uuid()),
  instanceId: machine.instanceId,
  subject: machine.id,
  format,
  scopes: machine.scopes,
  claims,
  macKeyId: ring.currentId,
  signingKeyId: null,
  expiresAt,
  revokedAt: null,
  revocationReason: null,
  createdAt,
  updatedAt: createdAt,
})

/** What is issued now is none of what was revoked, though a revocation may reach a little ahead of this clock. */
const afterRevoked = (now: Millis, notBefore: Millis | null): Millis =>
  notBefore !== null && notBefore >= now ? millis(notBefore + 1) : now

function effectiveLifetime(asked: NewM2mToken, machine: Machine, longest: Seconds | null): Seconds | null {
  if (asked.lifetime !== null && longest !== null && asked.lifetime > longest) {
    throw invalid('seconds_until_expiration', `must be at most ${longest}, as the operator has set`)
  }
  const lifetime = asked.lifetime ?? machine.defaultTokenTtl
  if (longest === null) return lifetime
  const unlimited = asked.format === 'jwt' ? DEFAULT_JWT_LIFETIME : longest
  return seconds(Math.min(lifetime ?? unlimited, longest))
}

const invalid = (field: string, reason: string): AuthorityError =>
  new AuthorityError('bad_request', {
    longMessage: `Invalid 'body.${field}': ${reason}`,
    meta: { param_name: field },
  })
