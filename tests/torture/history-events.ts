/** Histories by hand: one client, one token and node `a`, unless told otherwise. Times are milliseconds. */
import type { HistoryEvent } from './history.ts'

type More = Partial<HistoryEvent>

const eventOf =
  (kind: HistoryEvent['kind'], usual: More = {}) =>
  (start: number, end: number, more: More = {}): HistoryEvent => ({
    client: 'client',
    node: 'a',
    kind,
    tokenId: 'token',
    start,
    end,
    outcome: 'ok',
    ...usual,
    ...more,
  })

export const issue = eventOf('issue')
export const issueWithKey = eventOf('idempotent_issue', { idempotencyKey: 'key' })
export const verify = eventOf('verify')
export const revoke = eventOf('revoke')
export const bulkRevoke = eventOf('bulk_revoke', { tokenId: null, group: 'machine' })

export const refused = { outcome: 'refused' } as const
export const unknown = { outcome: 'unknown' } as const
export const unavailable = { outcome: 'unavailable' } as const
export const ofMachine = { group: 'machine' } as const
export const onB = { node: 'b' } as const
