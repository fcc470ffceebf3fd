import { mayManage, type Call } from '../../core/caller.ts'
import { AuthorityError, notFound } from '../../core/errors.ts'
import type { Reads } from '../../core/stores.ts'
import { latest, type Clock } from '../../core/time.ts'
import type { InstanceReader } from '../../directory/instances/store.ts'
import type { MachineReader } from '../../directory/machines/store.ts'
import type { SigningKeyReader } from '../../signing/store.ts'
import { revokedUntil, type M2mToken } from './m2m-token.ts'
import type { M2mTokenQuery, M2mTokenReader } from './store.ts'

export interface ListM2mTokensDeps extends Reads<{
  m2mTokens: M2mTokenReader
  machines: Pick<MachineReader, 'find'>
  instances: Pick<InstanceReader, 'find'>
  signingKeys: Pick<SigningKeyReader, 'historyOf'>
}> {
  readonly clock: Clock
}

/**
 * A page of the tokens that one machine issued, newest first.
 *
 * @throws {AuthorityError} `authorization_invalid` if a machine asks for another's, known or not;
 *   `resource_not_found` if the instance has no such machine
 */
export async function listM2mTokens(
  { read, clock }: ListM2mTokensDeps,
  { caller }: Call,
  query: Omit<M2mTokenQuery, 'now' | 'notBefore'>,
): Promise<{ tokens: readonly M2mToken[]; totalCount: number }> {
  if (!mayManage(caller, query.subject)) throw new AuthorityError('authorization_invalid')
  const machine = await read.machines.find(caller.instanceId, query.subject)
  if (machine === null) throw notFound({ noun: 'Machine', id: query.subject })
  const instance = await read.instances.find(caller.instanceId)
  const everything = latest(machine.tokensNotBefore, instance?.tokensNotBefore)
  const keys = query.format === 'jwt' ? await read.signingKeys.historyOf(caller.instanceId) : []
  const byKey = new Map(
    keys.flatMap(({ id, tokensNotBefore }) => (tokensNotBefore === null ? [] : [[id, tokensNotBefore]])),
  )
  const notBefore = { everything, byKey }
  const { tokens, totalCount } = await read.m2mTokens.list(caller.instanceId, {
    ...query,
    now: clock.now(),
    notBefore,
  })
  const asTheyStand = tokens.map((token) =>
    revokedUntil(token, latest(everything, token.signingKeyId && byKey.get(token.signingKeyId))),
  )
  return { tokens: asTheyStand, totalCount }
}
