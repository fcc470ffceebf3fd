/**
 * Fills an empty store from a backup. What happened after the backup was made is not in it, and above all no
 * revocation. So either a journal says what is to be revoked again, or all that was issued until now is refused.
 */
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { SqlConnection } from '../sql-connection.ts'
import { StorageError } from '../storage-error.ts'
import { readArchive, type Header } from './archive.ts'
import { continueNumbers, insertRows, type Place } from './connection.ts'
import { openDestination } from './destination.ts'
import { takeJournal, type JournalTaken } from './journal.ts'
import { replay, type Replayed } from './replay.ts'
import { tableNamed } from './tables.ts'

export interface Journal {
  readonly name: string
  /** Those of `mintmark audit export`. */
  readonly lines: AsyncIterable<string>
}

export interface RestoreOptions {
  /** What the user calls the backup; each error that is about it begins with that. */
  readonly name: string
  /** `null`: nobody knows what happened since. */
  readonly journal: Journal | null
  /** Milliseconds. */
  readonly now: number
  readonly traceId: string
  readonly onProgress: ((done: number, table: string) => void) | null
}

export interface RestoreSummary {
  readonly header: Header
  /** How many rows of each table were in the backup. */
  readonly rows: Readonly<Record<string, number>>
  readonly instances: number
  /** No token that was issued until that instant is good; `null` with a journal. Milliseconds. */
  readonly tokensNotBefore: number | null
  readonly actorTokensRevoked: number
  readonly signInTokensRevoked: number
  readonly testingTokensRevoked: number
  readonly sessionsRevoked: number
  readonly journal: (JournalTaken & Replayed) | null
}

/**
 * @throws {StorageError} if the store is not empty, or backup or journal cannot be used; then nothing of them
 *   is there
 */
export async function restore(
  source: Readable,
  place: Place,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  try {
    return await fill(source, place, options)
  } finally {
    // Whoever writes to the other end of a pipe must not wait for us.
    source.destroy()
  }
}

async function fill(source: Readable, place: Place, options: RestoreOptions): Promise<RestoreSummary> {
  const { header, batches } = await readArchive(source, options.name)
  const destination = await openDestination(place)
  const { sql } = destination
  try {
    const rows = await load(sql, batches, options)
    const journal = options.journal === null ? null : await catchUp(sql, header, options.journal)
    const refused =
      journal === null
        ? await refuseAllUntil(sql, Math.max(options.now, header.createdAt, await newestToken(sql)))
        : null
    const instances = await record(sql, { header, journal, until: refused?.until ?? null }, options)
    await beginHistory(sql)
    await continueNumbers(sql)
    await destination.finish()
    return {
      header,
      rows,
      instances,
      tokensNotBefore: refused?.until ?? null,
      ...(refused?.revoked ?? NOTHING_REVOKED),
      journal,
    }
  } catch (error) {
    await destination.abandon()
    throw error
  }
}

/** Of a clock that was ahead of this one, or was not told the truth: none of its tokens is left out. */
async function newestToken(sql: SqlConnection): Promise<number> {
  const row = await sql.get<{ newest: number | null }>('select max(created_at) as newest from m2m_tokens')
  return row?.newest ?? 0
}

/** As many rows as one statement writes. */
const ROWS = 1_000

async function load(
  sql: SqlConnection,
  batches: Awaited<ReturnType<typeof readArchive>>['batches'],
  { name, onProgress }: RestoreOptions,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  let done = 0
  for await (const { table, rows } of batches) {
    for (let start = 0; start < rows.length; start += ROWS) {
      await insertRows(sql, table, rows.slice(start, start + ROWS)).catch((error: unknown) => {
        throw isMisfit(error)
          ? new StorageError(
              `${name} is damaged: a row of ${table.name} does not fit. Nothing of it was kept.`,
            )
          : error
      })
    }
    counts[table.name] = (counts[table.name] ?? 0) + rows.length
    onProgress?.((done += rows.length), table.name)
  }
  return counts
}

/** A value that a table refuses: by a rule of its own (SQLite), or by its type or a rule (PostgreSQL). */
function isMisfit(error: unknown): boolean {
  const { cause } = (error ?? {}) as { cause?: { errcode?: unknown; code?: unknown } }
  const { errcode, code } = cause ?? {}
  const isRefusedBySqlite = typeof errcode === 'number' && (errcode & 0xff) === SQLITE_CONSTRAINT
  return isRefusedBySqlite || (typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code))
}

const SQLITE_CONSTRAINT = 19

async function catchUp(
  sql: SqlConnection,
  header: Header,
  { name, lines }: Journal,
): Promise<JournalTaken & Replayed> {
  const taken = await takeJournal(sql, lines, header).catch((error: unknown) => {
    throw error instanceof StorageError
      ? new StorageError(`${name}: ${error.message}`, { cause: error })
      : error
  })
  return { ...taken, ...(await replay(sql, header.lastAuditNumber, taken.late)) }
}

type Revoked = Pick<
  RestoreSummary,
  'actorTokensRevoked' | 'signInTokensRevoked' | 'testingTokensRevoked' | 'sessionsRevoked'
>

const NOTHING_REVOKED: Revoked = {
  actorTokensRevoked: 0,
  signInTokensRevoked: 0,
  testingTokensRevoked: 0,
  sessionsRevoked: 0,
}

/** Of what was used or ended after the backup, it says that it is good. @returns the instant, and how many that were */
async function refuseAllUntil(
  sql: SqlConnection,
  until: number,
): Promise<{ readonly until: number; readonly revoked: Revoked }> {
  await sql.run(
    'update instances set tokens_not_before = ? where tokens_not_before is null or tokens_not_before < ?',
    until,
    until,
  )
  const revoke = (table: string, from: string) =>
    sql.run(`update ${table} set status = 'revoked', updated_at = ? where status = '${from}'`, until)
  return {
    until,
    revoked: {
      actorTokensRevoked: await revoke('actor_tokens', 'pending'),
      signInTokensRevoked: await revoke('sign_in_tokens', 'pending'),
      testingTokensRevoked: await sql.run(
        'update testing_tokens set revoked_at = ? where revoked_at is null',
        until,
      ),
      sessionsRevoked: await revoke('sessions', 'active'),
    },
  }
}

interface Outcome {
  readonly header: Header
  readonly journal: JournalTaken | null
  readonly until: number | null
}

/** One event for each instance. @returns how many there are */
async function record(
  sql: SqlConnection,
  { header, journal, until }: Outcome,
  { now, traceId }: RestoreOptions,
): Promise<number> {
  const backup = `backup of ${new Date(header.createdAt).toISOString()}`
  const reason =
    journal === null
      ? `${backup}; all issued until ${new Date(until!).toISOString()} revoked`
      : `${backup}; journal of ${journal.events} events replayed`
  const instances = await sql.all<{ id: string }>('select id from instances order by id')
  const { last } = (await sql.get<{ last: number | null }>('select max(number) as last from audit_events'))!
  const rows = instances.map(({ id }, index) => {
    const number = (last ?? 0) + index + 1
    return [number, id, now, 'instance.restore', 'operator', null, id, null, traceId, reason]
  })
  await insertRows(sql, tableNamed('audit_events'), rows)
  return instances.length
}

/** Whoever has followed the log of the database that was lost must not take this one for it. */
async function beginHistory(sql: SqlConnection): Promise<void> {
  await sql.run('delete from revocation_log')
  await sql.run(
    'update revocation_head set epoch = ?, position = 0 where id = 1',
    randomBytes(8).toString('hex'),
  )
}
