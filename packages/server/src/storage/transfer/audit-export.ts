/** Reads the audit log for a journal: all events in the order of their numbers, from some time on. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordedAuditEvent } from '../../audit/audit-event.ts'
import { auditReader } from '../sql/audit-log.ts'
import { beginSnapshot, openSource, type Place } from './connection.ts'

const PAGE = 2_000

/** A transaction may commit a little after one that got a higher number, or a later time. */
const OVERLAP_MS = 60_000

/**
 * @param since milliseconds; `null` for all. A minute more is read, so that exports one after the other have all
 * @throws {StorageError} if the database cannot be used as it is
 */
export async function exportAudit(
  place: Place,
  since: number | null,
  onEvent: (event: RecordedAuditEvent) => void,
): Promise<void> {
  const { sql, close } = await openSource(place)
  try {
    await beginSnapshot(sql)
    let last = 0
    if (since !== null) {
      const find = 'select min(number) as first from audit_events where at >= ?'
      const { first } = (await sql.get<{ first: number | null }>(find, since - OVERLAP_MS))!
      if (first === null) return
      last = first - 1
    }
    for (;;) {
      const events = await auditReader(sql).after(last, PAGE)
      events.forEach(onEvent)
      if (events.length < PAGE) return
      // A reader that is gone is noticed between two turns only.
      await nextTurn()
      last = events.at(-1)!.number
    }
  } finally {
    await close()
  }
}
