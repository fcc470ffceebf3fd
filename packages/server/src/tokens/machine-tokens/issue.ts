import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { claimIn } from '../../core/claim-names.ts'
import { AuthorityError } from '../../core/errors.ts'
import { toHex } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Random } from '../../core/secrets/random.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { seconds, toSeconds, type Clock, type Seconds } from '../../core/time.ts'
import type { FrontendOriginOf } from '../../directory/instances/instance.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import { signJwt } from '../../signing/jws.ts'
import type { Keys } from '../../signing/keys.ts'
import { MACHINE_JWT_CATEGORIES, RESERVED_CLAIMS, type MachineJwtCategory } from './machine-token.ts'

export interface NewMachineToken {
  readonly subject: string
  readonly claims: JsonObject | null
  readonly lifetime: Seconds
  /** How much earlier than its issue the token is good, for clocks that run behind. */
  readonly allowedClockSkew: Seconds
}

export interface IssueMachineTokenDeps
  extends Reads<{ instances: InstanceReader }>, Transactions<{ audit: AuditLog }> {
  readonly clock: Clock
  readonly random: Random
  readonly keys: Keys
  readonly frontendOriginOf: FrontendOriginOf
  readonly machineJwtCategory: MachineJwtCategory
}

/** @throws {AuthorityError} `machine_token_reserved_claim` */
export async function issueMachineToken(
  deps: IssueMachineTokenDeps,
  call: Call,
  { subject, claims, lifetime, allowedClockSkew }: NewMachineToken,
): Promise<string> {
  const reserved = claimIn(claims ?? {}, RESERVED_CLAIMS)
  if (reserved !== undefined) {
    throw new AuthorityError('machine_token_reserved_claim', {
      longMessage: `You can't use the reserved claim: '${reserved}'`,
      meta: { param_name: 'claims' },
    })
  }
  const { instanceId } = call.caller
  const instance = await deps.read.instances.find(instanceId)
  const signer = await deps.keys.signing(instanceId, 'token')
  const now = deps.clock.now()
  const iat = toSeconds(now)
  const payload = {
    ...claims,
    exp: iat + lifetime,
    iat,
    iss: deps.frontendOriginOf(instance!),
    jti: toHex(deps.random.bytes(10)),
    nbf: seconds(iat - allowedClockSkew),
    sub: subject,
  }
  const category = MACHINE_JWT_CATEGORIES[deps.machineJwtCategory]
  const jwt = await signJwt({ cat: category, kid: signer.id }, payload, signer.key)
  await deps.transaction(({ audit }) =>
    audit.record(eventOf(call, now, 'machine_token.issue', payload.jti, `for ${subject}`)),
  )
  return jwt
}
