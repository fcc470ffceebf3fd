/**
 * Transactions on PostgreSQL, side by side on the connections of a pool, each acknowledged once the server has
 * made it durable. What failed without having been committed is tried again; what may have been committed,
 * because the connection was lost just then, is looked up.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { AuditEvent } from '../../audit/audit-event.ts'
import { AuthorityError, unavailable } from '../../core/errors.ts'
import { isEmpty, type ChangeSet } from '../cache/changes.ts'
import type { Runner } from '../enclosing-transactions.ts'
import { entriesOf } from '../sql/revocation-log.ts'
import type { Stores } from '../storage.ts'
import type { Client } from './connect.ts'
import type { Queryable } from './connection.ts'
import type { StuckCommits } from './stuck-commits.ts'
import { settled, type Session, type Settled } from './session.ts'
import { faultOf } from './sqlstate.ts'

export interface TransactionOptions {
  /** The statement that begins one. */
  readonly begin: string
  readonly pool: pg.Pool
  readonly sessionOf: (client: pg.PoolClient) => Session
  /** Where a commit of unknown outcome is looked up. */
  readonly reader: Queryable
  /** Commits of which nobody knows whether they still wait. */
  readonly stuck: StuckCommits
  /** Wake the other nodes up when something has changed. */
  readonly notify: boolean
  /** Called when a transaction was committed, before its caller is told. */
  readonly onCommit: (changed: ChangeSet, lastPosition: number | null) => void
}

/** Positions from the row that all who log lock until they commit, so that their order is that of the commits. */
const APPEND = `with head as (
    update revocation_head set position = position + $1 where id = 1 returning position
  ), appended as (
    insert into revocation_log (position, m2m_token_id, at)
    select head.position - $1 + entry.number, entry.id, $3
    from head, unnest($2::text[]) with ordinality as entry (id, number)
  )
  select position from head`

/** Only wakes the other nodes up: what they read is the log. */
export const CHANNEL = 'mintmark_revocations'
const NOTIFY = `notify ${CHANNEL}`

/** As long as trying again may take. */
const RETRY_FOR_MS = 2_500
const LONGEST_PAUSE_MS = 200

/** Past this many waiting for a connection, more are turned away: a caller that waits longer has given up. */
const MOST_WAITING = 5_000

export function createRunner(options: TransactionOptions): Runner<Stores> {
  const { pool } = options

  async function run<T>(work: (stores: Stores) => Promise<T>, once = false): Promise<T> {
    if (pool.waitingCount >= MOST_WAITING) throw new AuthorityError('too_many_requests', { retryAfter: 1 })
    options.stuck.requireRoom()
    const deadline = performance.now() + RETRY_FOR_MS
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(options, work)
      if ('value' in outcome) return outcome.value
      const again = outcome.again && !(once && outcome.began) && performance.now() < deadline
      if (!again) throw outcome.error
      await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 5 * 2 ** attempt))
    }
  }

  return { run }
}

type Outcome<T> =
  | { readonly value: T }
  | {
      readonly error: unknown
      /** Whether nothing was committed and it may go well another time. */
      readonly again: boolean
      /** Whether the work was begun. */
      readonly began: boolean
    }

async function attemptOnce<T>(
  options: TransactionOptions,
  work: (stores: Stores) => Promise<T>,
): Promise<Outcome<T>> {
  let client: pg.PoolClient
  try {
    client = await options.pool.connect()
  } catch (error) {
    return { error: unavailable(error), again: true, began: false }
  }
  const session = options.sessionOf(client)
  const begun = settled(client.query(options.begin))
  let value: T
  try {
    value = await work(session.stores)
  } catch (error) {
    // Whatever the driver throws comes as ours; all else is the work's own opinion. After one statement has
    // failed, all others do, and say nothing of why.
    const isOpinion = !(error instanceof AuthorityError && error.code === 'service_unavailable')
    const earlier = (await Promise.all([begun, ...session.sent])).find((each) => 'error' in each)
    const cause = isOpinion ? null : (earlier?.error ?? error)
    await rollback(client, cause)
    return { error, again: cause !== null && faultOf(cause) !== 'other', began: true }
  }
  return commit(options, session, [begun, ...session.sent], value)
}

async function commit<T>(
  options: TransactionOptions,
  session: Session,
  sent: readonly Promise<Settled<unknown>>[],
  value: T,
): Promise<Outcome<T>> {
  const { pool, notify, onCommit } = options
  const { client } = session
  const changed = session.changes.take()
  // All of it is sent at once; what comes after a failure fails too, and then nothing is committed.
  const appended = isEmpty(changed) ? null : settled(append(client, changed, notify))
  const committed = await settled(client.query('commit'))
  const outcomes = [...(await Promise.all(sent)), ...(appended === null ? [] : [await appended]), committed]
  const errors = outcomes.flatMap((each) => ('error' in each ? [each.error] : []))
  if (errors.length > 0 || commandOf(committed) !== 'COMMIT') {
    client.release(true)
    const failed = await judge(options, session, { errors, isAnswered: 'value' in committed })
    if (failed !== null) return failed
    onCommit(changed, null)
    return { value }
  }
  // It says so if it has not waited for its standby to the end.
  const isSure = !warned(client)
  client.release()
  if (!isSure) await confirmCommits(pool)
  onCommit(changed, appended === null ? null : ((await appended) as { value: number }).value)
  return { value }
}

interface Failed {
  readonly errors: readonly unknown[]
  /** Whether the server has answered the commit itself. */
  readonly isAnswered: boolean
}

/** @returns `null` if it turns out that the transaction was committed all the same */
async function judge(
  { pool, reader, stuck }: TransactionOptions,
  { client, audited }: Session,
  { errors, isAnswered }: Failed,
): Promise<Exclude<Outcome<never>, { value: never }> | null> {
  // What the server says is so. If it has said nothing but that it is gone, the commit may be done.
  const refusal = errors.find((each) => faultOf(each) !== 'lost')
  const error = refusal ?? errors[0] ?? new Error('The transaction was rolled back.')
  const isUndecided = refusal === undefined && !isAnswered
  if (isUndecided) {
    stuck.add(client)
    if (audited !== null && (await wasCommitted(reader, audited))) {
      await confirmCommits(pool)
      return null
    }
  }
  const again = !isUndecided && faultOf(error) !== 'other'
  return { error: error instanceof AuthorityError ? error : unavailable(error), again, began: true }
}

function warned(client: pg.PoolClient): boolean {
  const known = client as unknown as Client
  const { warned: before } = known
  known.warned = false
  return before
}

/** A commit of a transaction that has failed is answered, too: by what was done instead. */
const commandOf = (outcome: Settled<pg.QueryResult>): string | undefined =>
  'value' in outcome ? outcome.value.command : undefined

/** @returns the position of the last entry */
async function append(client: pg.PoolClient, changed: ChangeSet, notify: boolean): Promise<number> {
  const entries = entriesOf(changed)
  const [{ rows }] = await Promise.all([
    client.query<{ position: number }>(APPEND, [entries.length, entries, Date.now()]),
    notify && client.query(NOTIFY),
  ])
  return rows[0]!.position
}

/** How often and for how long an event is looked for that a commit should have written. */
const LOOKS = 20
const BETWEEN_LOOKS_MS = 100

/** Ids are chosen before the commit, so an event is of one transaction and no other. It is among the newest. */
const FIND_EVENT = `select 1 from audit_events where trace_id = $1 and action = $2 and target_id = $3
  and number > (select coalesce(max(number), 0) from audit_events) - 10000`

async function wasCommitted(reader: Queryable, { traceId, action, targetId }: AuditEvent): Promise<boolean> {
  for (let look = 1; look <= LOOKS; look++) {
    try {
      const { rows } = await reader.query({ text: FIND_EVENT, values: [traceId, action, targetId] })
      if (rows.length > 0) return true
    } catch {
      // The server may be coming back, or another one in its place.
    }
    await sleep(BETWEEN_LOOKS_MS)
  }
  return false
}

/**
 * Commits something that changes nothing. A commit is shown while it still waits for the standby, and its wait
 * ends with the connection; but the log is written in order, so this one has waited for that one too.
 *
 * @throws {AuthorityError} `service_unavailable`
 */
export async function confirmCommits(pool: pg.Pool): Promise<void> {
  try {
    await pool.query('update revocation_head set position = position where id = 1')
  } catch (error) {
    throw unavailable(error)
  }
}

async function rollback(client: pg.PoolClient, cause: unknown): Promise<void> {
  const fault = cause === null ? 'other' : faultOf(cause)
  if (fault === 'lost' || fault === 'read_only') return client.release(true)
  const rolledBack = await settled(client.query('rollback'))
  client.release('error' in rolledBack)
}
