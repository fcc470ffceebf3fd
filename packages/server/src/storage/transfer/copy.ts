/**
 * Copies a store into an empty one of either kind, a batch at a time. Stopped anywhere, it goes on where it
 * stopped; at its end, both sides are read again and must have the same rows.
 */
import { join } from 'node:path'
import { AuthorityError } from '../../core/errors.ts'
import type { LogHead } from '../../revocation/log.ts'
import { migrate, migrationState } from '../migrations/migrate.ts'
import type { Connected } from '../postgres/prepare.ts'
import { READ_HEAD } from '../sql/revocation-log.ts'
import type { SqlConnection } from '../sql-connection.ts'
import { DATABASE_FILE, refuseUnfinishedRestore } from '../sqlite.ts'
import { connectSqlite } from '../sqlite/connection.ts'
import { StorageError } from '../storage-error.ts'
import {
  connectPostgres,
  continueNumbers,
  inTransaction,
  insertRows,
  openSource,
  requireEmpty,
  type Place,
} from './connection.ts'
import {
  beginProgress,
  endProgress,
  isUnfinishedCopy,
  readProgress,
  writeProgress,
  type TableProgress,
} from './copy-progress.ts'
import { ALL_TABLES } from './destination.ts'
import { countRows, keyOf, readPages, sumOf, type Sum } from './pages.ts'
import { TABLES } from './tables.ts'

export interface CopyProgress {
  readonly step: 'copy' | 'verify'
  readonly done: number
  readonly total: number
}

export interface CopySummary {
  /** How many rows were there from an attempt before. */
  readonly resumedAt: number
  readonly tables: Readonly<Record<string, Sum>>
}

/**
 * Nobody may change the source meanwhile, nor use the destination. The caller has the locks of the folders.
 *
 * @throws {StorageError} if the destination has something else, or in the end not the same as the source; it begins
 *   with `--from:` or `--to:` if it is about one of them
 */
export async function copy(
  from: Place,
  to: Place,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopySummary> {
  const source = await onSide('from', () => openSource(from))
  try {
    const target = await onSide('to', () => openTarget(to))
    try {
      return await copyAll(source.sql, target.sql, onProgress)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function openTarget(place: Place): Promise<Connected> {
  if (place.kind === 'postgres') {
    const opened = await connectPostgres(place.url)
    // A number of our own choice; the session that has it keeps it until it ends.
    const lock = await opened.sql.get<{ taken: boolean }>('select pg_try_advisory_lock(7304882104) as taken')
    if (lock?.taken) return opened
    await opened.close()
    throw new StorageError('Another copy into this database is under way.')
  }
  refuseUnfinishedRestore(place.folder)
  const sql = connectSqlite(join(place.folder, DATABASE_FILE), { readOnly: false })
  sql.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  return { sql, close: async () => sql.close() }
}

async function copyAll(
  source: SqlConnection,
  target: SqlConnection,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopySummary> {
  const { epoch } = (await onSide('from', () => source.get<LogHead>(READ_HEAD)))!
  const progress = await onSide('to', () => beginOrGoOn(target, epoch))
  const total = await onSide('from', () => countRows(source, TABLES))
  const resumedAt = [...progress.values()].reduce((sum, { copied }) => sum + copied, 0)
  let done = resumedAt
  onProgress({ step: 'copy', done, total })
  for (const table of TABLES) {
    let { lastKey, copied } = progress.get(table.name) ?? { lastKey: null, copied: 0 }
    for await (const rows of pagesOnSide('from', readPages(source, table, lastKey))) {
      lastKey = keyOf(table, rows.at(-1)!)
      copied += rows.length
      const now: TableProgress = { lastKey, copied }
      await onSide('to', () =>
        inTransaction(target, async () => {
          await insertRows(target, table, rows)
          await writeProgress(target, table.name, now)
        }),
      )
      onProgress({ step: 'copy', done: (done += rows.length), total })
    }
  }
  const tables = await verify(source, target, total, onProgress)
  await onSide('to', async () => {
    await continueNumbers(target)
    await inTransaction(target, () => endProgress(target))
  })
  return { resumedAt, tables }
}

/** @throws {StorageError} if there is something else in the destination */
async function beginOrGoOn(
  target: SqlConnection,
  epoch: string,
): Promise<ReadonlyMap<string, TableProgress>> {
  if (await isUnfinishedCopy(target)) {
    const { pending } = await migrationState(target)
    if (pending.length === 0) return readProgress(target, epoch)
    throw new StorageError('This copy was begun by an older release. Empty the destination and begin anew.')
  }
  await migrate(target)
  await inTransaction(target, async () => {
    await requireEmpty(target, ALL_TABLES)
    const names = TABLES.map(({ name }) => name)
    await beginProgress(target, epoch, names)
  })
  return new Map()
}

/** Reads both sides to their ends. @throws {StorageError} naming the tables that differ */
async function verify(
  source: SqlConnection,
  target: SqlConnection,
  total: number,
  onProgress: (progress: CopyProgress) => void,
): Promise<Record<string, Sum>> {
  const tables: Record<string, Sum> = {}
  const different: string[] = []
  let done = 0
  const onRows = (count: number) => onProgress({ step: 'verify', done: (done += count), total: 2 * total })
  for (const table of TABLES) {
    const there = await onSide('from', () => sumOf(source, table, onRows))
    const here = await onSide('to', () => sumOf(target, table, onRows))
    tables[table.name] = here
    if (there.rows !== here.rows || there.sha256 !== here.sha256) different.push(table.name)
  }
  if (different.length === 0) return tables
  throw new StorageError(
    `The copy is not the same as its source (${different.join(', ')}): the source was changed meanwhile. Stop its servers, empty the destination and copy again.`,
  )
}

/** As the flags of the command are called. */
export type Side = 'from' | 'to'

/**
 * Has what fails say on which side it did: their messages would be the same.
 *
 * @throws {StorageError} beginning with the flag, for whatever a store has thrown
 */
export async function onSide<T>(side: Side, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw withSide(side, error)
  }
}

/** The same, for pages that are read one after the other. */
async function* pagesOnSide<T>(side: Side, pages: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield* pages
  } catch (error) {
    throw withSide(side, error)
  }
}

function withSide(side: Side, error: unknown): unknown {
  // What a store could not do comes with the reason as its cause.
  const reason = error instanceof AuthorityError && error.cause instanceof Error ? error.cause : error
  if (reason === error && !(error instanceof StorageError)) return error
  const { message } = reason as Error
  return new StorageError(message.startsWith('--') ? message : `--${side}: ${message}`, { cause: error })
}
