/**
 * Takes the audit events that were exported since a backup into the log where they were, and sees whether they
 * are all. Their numbers are not given out again, and no change that is replayed is without its event.
 */
import type { RecordedAuditEvent } from '../../audit/audit-event.ts'
import type { SqlConnection } from '../sql-connection.ts'
import { StorageError } from '../storage-error.ts'
import type { Header } from './archive.ts'
import { insertRows } from './connection.ts'
import { tableNamed, type Row, type Value } from './tables.ts'

export interface JournalTaken {
  /** How many events the backup did not have. */
  readonly events: number
  /** Of the newest event of the journal: nothing is known of what happened after it. Milliseconds. */
  readonly lastAt: number | null
  /** Those of them with a number that is lower than the backup's last: they were committed a little later. */
  readonly late: ReadonlySet<number>
}

const TABLE = tableNamed('audit_events')

/** A transaction may commit this much later than its event says, and clocks may differ. */
const MARGIN_MS = 60_000

const BATCH = 500

/** @throws {StorageError} if it cannot be read, is of another database, or does not reach back to the backup */
export async function takeJournal(
  sql: SqlConnection,
  lines: AsyncIterable<string>,
  header: Header,
): Promise<JournalTaken> {
  const { lastAuditNumber, createdAt } = header
  const late = new Set<number>()
  const witness = await findWitness(sql, header)
  let [events, firstAt, lastAt, reaches] = [0, Infinity, -Infinity, witness === null]
  for await (const batch of batchesOf(lines)) {
    for (const { number, at } of batch) {
      firstAt = Math.min(firstAt, at)
      lastAt = Math.max(lastAt, at)
      reaches ||= number === witness
    }
    const added = await addMissing(sql, batch)
    events += added.length
    for (const { number } of added) if (number <= lastAuditNumber) late.add(number)
  }
  if (!reaches && firstAt > createdAt - MARGIN_MS) {
    throw new StorageError(
      `The journal does not reach back to the backup of ${new Date(createdAt).toISOString()}: it must begin a minute before it, or have event ${witness}. Restore without it, which refuses all tokens issued until now.`,
    )
  }
  if (header.store === 'sqlite') await requireNoGap(sql, lastAuditNumber)
  return { events, lastAt: lastAt === -Infinity ? null : lastAt, late }
}

/**
 * The number of an event that only a journal has that reaches back far enough. On PostgreSQL a lower number may be
 * committed later than a higher one, so that only the first of all tells; `null`: there was none yet.
 */
async function findWitness(sql: SqlConnection, { store, lastAuditNumber }: Header): Promise<number | null> {
  if (store === 'sqlite') return lastAuditNumber === 0 ? null : lastAuditNumber
  const find = 'select min(number) as first from audit_events'
  return (await sql.get<{ first: number | null }>(find))!.first
}

/** SQLite gives out each number, so that one that is missing is an event that is missing. */
async function requireNoGap(sql: SqlConnection, after: number): Promise<void> {
  const { count, last } = (await sql.get<{ count: number; last: number | null }>(
    'select count(*) as count, max(number) as last from audit_events where number > ?',
    after,
  ))!
  if (last === null || last - after === count) return
  throw new StorageError(
    `The journal is not whole: ${last - after - count} event(s) between ${after} and ${last} are missing. Restore without it, which refuses all tokens issued until now.`,
  )
}

/** @returns the events that were not there */
async function addMissing(
  sql: SqlConnection,
  batch: readonly RecordedAuditEvent[],
): Promise<readonly RecordedAuditEvent[]> {
  const known = await sql.query
    .selectFrom('audit_events')
    .select(['number', 'instance_id', 'at', 'action', 'target_id', 'trace_id'])
    .where(
      'number',
      'in',
      batch.map(({ number }) => number),
    )
    .execute()
  const byNumber = new Map(known.map((row) => [row.number, row]))
  const missing = new Map<number, RecordedAuditEvent>()
  for (const event of batch) {
    const row = byNumber.get(event.number)
    if (row === undefined) missing.set(event.number, event)
    else if (
      row.instance_id !== event.instanceId ||
      row.at !== event.at ||
      row.action !== event.action ||
      row.target_id !== event.targetId ||
      row.trace_id !== event.traceId
    ) {
      throw new StorageError(
        `The journal is not of this database: its event ${event.number} is another than in the backup.`,
      )
    }
  }
  const added = [...missing.values()]
  await insertRows(sql, TABLE, added.map(toRow))
  return added
}

const toRow = (event: RecordedAuditEvent): Row => {
  const values: Record<string, Value> = {
    number: event.number,
    instance_id: event.instanceId,
    at: event.at,
    action: event.action,
    caller_kind: event.callerKind,
    caller_id: event.callerId,
    target_id: event.targetId,
    address: event.address,
    trace_id: event.traceId,
    reason: event.reason,
  }
  return TABLE.columns.map(({ name }) => values[name]!)
}

async function* batchesOf(lines: AsyncIterable<string>): AsyncGenerator<readonly RecordedAuditEvent[]> {
  let batch: RecordedAuditEvent[] = []
  let line = 0
  for await (const text of lines) {
    line++
    if (text.trim() === '') continue
    batch.push(readEvent(text, line))
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const TEXTS = ['instanceId', 'action', 'callerKind', 'targetId', 'traceId'] as const
const TEXTS_OR_NOTHING = ['callerId', 'address', 'reason'] as const

function readEvent(text: string, line: number): RecordedAuditEvent {
  const event = parse(text)
  const isWhole =
    event !== null &&
    Number.isSafeInteger(event.number) &&
    (event.number as number) > 0 &&
    Number.isSafeInteger(event.at) &&
    TEXTS.every((name) => typeof event[name] === 'string') &&
    TEXTS_OR_NOTHING.every((name) => event[name] === null || typeof event[name] === 'string')
  if (!isWhole) {
    throw new StorageError(
      `Line ${line} of the journal is not an event. A journal is what "mintmark audit export" prints.`,
    )
  }
  return event as unknown as RecordedAuditEvent
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null
  } catch {
    return null
  }
}
