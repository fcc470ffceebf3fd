import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import { notFound } from '../../core/errors.ts'
import type { InstanceId } from '../../core/ids.ts'
import type { Transactions } from '../../core/stores.ts'
import type { Clock } from '../../core/time.ts'
import type { Browsing, Instance } from './instance.ts'
import type { InstanceStore } from './store.ts'

export interface ChangeInstanceDeps extends Transactions<{ instances: InstanceStore; audit: AuditLog }> {
  readonly clock: Clock
}

/**
 * Changes how browsers use an instance; what is not given stays as it is. Nothing is written where all of it is so
 * already. Only the operator can.
 *
 * @throws {AuthorityError} `resource_not_found`
 */
export function changeBrowsing(
  { transaction, clock }: ChangeInstanceDeps,
  id: InstanceId,
  change: Partial<Browsing>,
  traceId: string,
): Promise<Instance> {
  const call = { caller: { kind: 'operator', instanceId: id }, address: null, traceId } as const
  return transaction(async ({ instances, audit }) => {
    const instance = await instances.find(id)
    if (instance === null) throw notFound({ noun: 'Instance', id })
    const changed = { ...instance, ...change }
    const what = describeChange(instance, changed)
    if (what === '') return instance
    await instances.setBrowsing(id, changed)
    await audit.record(eventOf(call, clock.now(), 'instance.update', id, what))
    return changed
  })
}

/** Each thing that is another one now: these are settings, and no secrets. */
const describeChange = (before: Browsing, after: Browsing): string =>
  [
    ['allowed origins', before.allowedOrigins.join(' '), after.allowedOrigins.join(' ')],
    ['sign-in URL', before.signInUrl, after.signInUrl],
    ['home URL', before.homeUrl, after.homeUrl],
  ]
    .filter(([, was, is]) => was !== is)
    .map(([name, , is]) => `${name}: ${is === null || is === '' ? 'none' : is}`)
    .join('; ')
