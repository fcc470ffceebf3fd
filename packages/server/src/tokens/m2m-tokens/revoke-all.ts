import { setImmediate as nextTurn } from 'node:timers/promises'
import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call, InstanceCaller } from '../../core/caller.ts'
import { AuthorityError, notFound } from '../../core/errors.ts'
import type { InstanceId, KeyId, M2mTokenId, MachineId } from '../../core/ids.ts'
import type { Reads, Transactions } from '../../core/stores.ts'
import { latest, millis, type Clock, type Millis } from '../../core/time.ts'
import type { InstanceStore } from '../../directory/instances/store.ts'
import type { MachineStore } from '../../directory/machines/store.ts'
import type { SigningKeyStore } from '../../signing/store.ts'
import type { M2mTokenReader } from './store.ts'

interface Ending {
  readonly instances: InstanceStore
  readonly machines: MachineStore
  readonly signingKeys: SigningKeyStore
  readonly audit: AuditLog
}

export interface RevokeAllM2mTokensDeps
  extends Reads<{ m2mTokens: Pick<M2mTokenReader, 'count'> }>, Transactions<Ending> {
  readonly clock: Clock
  /** How far the clocks of nodes may be apart, in milliseconds. */
  readonly clockSkew: Millis
}

/** Which tokens. With neither machine nor key: all of the instance. */
export interface RevokeAll {
  readonly subject: MachineId | null
  readonly signingKeyId: KeyId | null
  /** Only those issued before that instant; `null` for all until now. */
  readonly issuedBefore: Millis | null
}

/**
 * Ends all tokens that were issued until an instant, however many, by writing that instant once. Tokens that
 * nothing is kept of end too, if their key signed them or they are of the instance.
 *
 * @returns the instant. It reaches as far ahead as the clock of another node may, who issued one just now.
 * @throws {AuthorityError} `bad_request` for an instant to come, `resource_not_found` for the machine or key
 */
export async function revokeAllM2mTokens(
  { transaction, clock, clockSkew }: RevokeAllM2mTokensDeps,
  call: Call<InstanceCaller>,
  asked: RevokeAll,
  reason: string | null,
): Promise<Millis> {
  const { instanceId } = call.caller
  const now = clock.now()
  const atLeast = lastInstant(asked, now, clockSkew)
  const { subject, signingKeyId } = asked
  return transaction(async (stores) => {
    const { instances, machines, signingKeys, audit } = stores
    const until =
      asked.issuedBefore === null ? await afterAllIssued(stores, instanceId, asked, atLeast) : atLeast
    if (subject !== null && !(await machines.setTokensNotBefore(instanceId, subject, until))) {
      throw notFound({ noun: 'Machine', id: subject })
    }
    if (signingKeyId !== null && !(await signingKeys.setTokensNotBefore(instanceId, signingKeyId, until))) {
      throw notFound({ noun: 'Signing key', id: signingKeyId })
    }
    if (subject === null && signingKeyId === null) await instances.setTokensNotBefore(instanceId, until)
    const target = subject ?? signingKeyId ?? instanceId
    const why = `before ${new Date(until + 1).toISOString()}${reason === null ? '' : `: ${reason}`}`
    await audit.record(eventOf(call, now, 'm2m_token.revoke_all', target, why))
    return until
  })
}

/**
 * What is issued after a revocation counts as issued one millisecond after it, if that reaches ahead
 * (`issue.ts`). To end those too, this one reaches as far, whoever's clock was wrong the last time.
 */
async function afterAllIssued(
  { instances, machines, signingKeys }: Pick<Ending, 'instances' | 'machines' | 'signingKeys'>,
  instanceId: InstanceId,
  { subject }: RevokeAll,
  atLeast: Millis,
): Promise<Millis> {
  const instance = await instances.find(instanceId)
  const machine = subject === null ? null : await machines.find(instanceId, subject)
  const anyMachine = subject === null ? await machines.latestTokensNotBefore(instanceId) : null
  const keys = await signingKeys.keysOf(instanceId)
  const before = latest(
    instance?.tokensNotBefore,
    machine?.tokensNotBefore,
    anyMachine,
    ...keys.map(({ tokensNotBefore }) => tokensNotBefore),
  )
  return before !== null && before >= atLeast ? millis(before + 1) : atLeast
}

/** How many M2M tokens that would end: those that are good now. */
export async function countForRevocation(
  { read, clock, clockSkew }: RevokeAllM2mTokensDeps,
  { caller }: Call<InstanceCaller>,
  asked: RevokeAll,
): Promise<{ readonly count: number; readonly until: Millis }> {
  const now = clock.now()
  const until = lastInstant(asked, now, clockSkew)
  let after: M2mTokenId | null = null
  let total = 0
  do {
    const { count, last } = await read.m2mTokens.count(caller.instanceId, { ...asked, until, now }, after)
    total += count
    after = last
    // A million tokens take a while; other requests are answered meanwhile.
    await nextTurn()
  } while (after !== null)
  return { count: total, until }
}

function lastInstant({ issuedBefore }: RevokeAll, now: Millis, clockSkew: Millis): Millis {
  if (issuedBefore === null) return millis(now + clockSkew)
  if (issuedBefore > now + clockSkew) {
    throw new AuthorityError('bad_request', { longMessage: 'issued_before must not be in the future.' })
  }
  return millis(issuedBefore - 1)
}
