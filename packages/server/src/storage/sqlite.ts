/**
 * Storage in one SQLite file. Two connections: the writer, whose transactions commit in groups, and a
 * reader that sees nothing uncommitted. In front of the reader stand caches that are never stale: our own
 * commits evict before they are acknowledged, and another process's commit shows in `data_version`, after
 * which the revocation log says what to forget.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuthorityError } from '../core/errors.ts'
import { createCursor, type Cursor } from '../revocation/cursor.ts'
import { createCaches, type Caches } from './cache/caches.ts'
import { collectChanges, isEmpty, type ChangeSet } from './cache/changes.ts'
import { startChores } from './chores.ts'
import { createTransactions } from './enclosing-transactions.ts'
import { prepareSchema } from './migrations/migrate.ts'
import { createReaders, createStores } from './ports.ts'
import { createM2mTokenUses } from './sql/tokens/m2m-token-uses.ts'
import { entriesOf, readLog, toLogPage, type LogRow } from './sql/revocation-log.ts'
import { connectSqlite, type SqliteConnection } from './sqlite/connection.ts'
import { createGroupCommit, type WorkOptions } from './sqlite/group-commit.ts'
import type { Storage, Stores } from './storage.ts'
import { StorageError } from './storage-error.ts'

export const DATABASE_FILE = 'mintmark.db'
/** What a restore fills; it gets the name of the database when it is whole. */
export const RESTORING_FILE = `${DATABASE_FILE}.restoring`

export interface SqliteOptions {
  /** Bring the schema up to date; otherwise an older one is refused. */
  readonly migrate: boolean
  /** How many M2M tokens are kept in memory. */
  readonly cachedTokens: number
  /** For how many days the record of a token is kept after it is over. Absent: for ever. */
  readonly tokenRetention?: number
  /** Called once if the disk failed in a way after which nothing may be acknowledged any more. */
  readonly onFatal: (error: Error) => void
}

/** @throws {StorageError} if the database cannot be used as it is */
export async function openSqlite(folder: string, options: SqliteOptions): Promise<Storage> {
  refuseUnfinishedRestore(folder)
  const path = join(folder, DATABASE_FILE)
  const writer = connectSqlite(path, { readOnly: false })
  try {
    makeDurable(writer)
    await prepareSchema(writer, options.migrate)
    const reader = connectSqlite(path, { readOnly: true })
    // Our own commits would empty its page cache time and again; what is mapped needs none. A disk that
    // fails to read then ends the process, which is an answer too: never a wrong one.
    reader.exec('pragma mmap_size = 1073741824')
    return createStorage(writer, reader, options)
  } catch (error) {
    writer.close()
    throw isDamage(error)
      ? new StorageError(`${path} is damaged, or no database. Restore a backup: "mintmark restore --help".`, {
          cause: error,
        })
      : error
  }
}

/** SQLite's `SQLITE_CORRUPT` and `SQLITE_NOTADB`, however they reached us. */
function isDamage(error: unknown): boolean {
  const { errcode = 0 } = (error instanceof AuthorityError ? error.cause : error) as { errcode?: number }
  return [11, 26].includes(errcode & 0xff)
}

/**
 * A new database in the place of one that was to be restored would know no token, and the next restore would refuse it.
 *
 * @throws {StorageError} if a restore into the folder was begun and not ended
 */
export function refuseUnfinishedRestore(folder: string): void {
  if (existsSync(join(folder, DATABASE_FILE)) || !existsSync(join(folder, RESTORING_FILE))) return
  throw new StorageError(
    `A restore into this folder was not finished. Run "mintmark restore" again, or remove ${RESTORING_FILE}.`,
  )
}

/** Write-ahead log, and an fsync for every commit; read back, because a build or a file system may differ. */
function makeDurable(writer: SqliteConnection): void {
  writer.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  writer.exec('pragma cache_size = -32768; pragma journal_size_limit = 67108864')
  // Pages that many commits touch are then carried into the file once and not for each.
  writer.exec('pragma wal_autocheckpoint = 8192')
  const { journal_mode } = writer.allNow<{ journal_mode: string }>('pragma journal_mode')[0]!
  const { synchronous } = writer.allNow<{ synchronous: number }>('pragma synchronous')[0]!
  if (journal_mode !== 'wal' || synchronous !== 2) {
    throw new StorageError(
      `SQLite would not run with journal_mode=wal and synchronous=full (it says ${journal_mode} and ${synchronous}), so a commit might be lost. Use a local disk.`,
    )
  }
}

function createStorage(writer: SqliteConnection, reader: SqliteConnection, options: SqliteOptions): Storage {
  const cache = createCaches(options.cachedTokens)
  const uses = createM2mTokenUses(reader)
  const [changes, changesOfGroup] = [collectChanges(), collectChanges()]
  const log = followLog(writer, cache)
  let logged: { readonly changed: ChangeSet; readonly position: number } | null = null
  const commits = createGroupCommit(writer, {
    onRestart: () => void changesOfGroup.take(),
    beforeCommit() {
      const changed = changesOfGroup.take()
      logged = { changed, position: appendToLog(writer, changed) }
    },
    onEnd(committed) {
      const changed = logged?.changed ?? changesOfGroup.take()
      cache.forget(changed)
      if (committed && logged !== null) log.committed(logged.position, entriesOf(changed).length)
      logged = null
    },
    onFatal: options.onFatal,
  })
  const stores = createStores(writer, changes)
  const run = <T>(work: (stores: Stores) => Promise<T>, how: WorkOptions): Promise<T> =>
    commits.run(async () => {
      try {
        const value = await work(stores)
        changesOfGroup.add(changes.take())
        return value
      } catch (error) {
        // It is undone alone, whatever else is in its group.
        changes.take()
        throw error
      }
    }, how)
  const transactions = createTransactions<Stores>({ run: (work, once = false) => run(work, { once }) })
  const { tokenRetention = Infinity } = options
  const writeBehind: typeof transactions.transaction = (work) => run(work, { durable: false })
  const chores = startChores({ ...transactions, writeBehind, uses, tokenRetention })

  return {
    read: cache.inFrontOf(createReaders(reader)),
    ...transactions,
    m2mTokenUses: uses,
    catchUp: log.catchUp,
    // What shows is on the disk.
    confirm: async () => {},
    logPosition: () => log.at,
    async check() {
      reader.allNow('select id from master_keys limit 1')
      commits.check()
      return { log: log.at, logAgeMs: 0 }
    },
    sweep: chores.sweep,
    flush: chores.flush,
    async close() {
      await chores.end()
      await commits.drained()
      reader.close()
      writer.close()
    },
  }
}

const READ = readLog()

/** Follows what other processes write to the log. */
function followLog(
  writer: SqliteConnection,
  cache: Caches,
): Pick<Cursor, 'at' | 'committed'> & { catchUp(): void } {
  let seenVersion = writer.dataVersion()
  let caughtUp = false
  const readAfter = (position: number) => toLogPage(writer.allNow<LogRow>(READ, position))
  const cursor = createCursor(cache, readAfter(Number.MAX_SAFE_INTEGER).head)

  return {
    get at() {
      return cursor.at
    },
    committed: cursor.committed,
    catchUp() {
      // Requests that are begun together have all been read before the first of them asks.
      if (caughtUp) return
      caughtUp = true
      queueMicrotask(() => (caughtUp = false))
      // Inside a transaction of ours nobody else can commit.
      const version = writer.dataVersion()
      if (version === seenVersion) return
      while (!cursor.advance(readAfter(cursor.at.position), cursor.at));
      seenVersion = version
    },
  }
}

/** @returns the position of the last entry */
function appendToLog(writer: SqliteConnection, changed: ChangeSet): number {
  if (isEmpty(changed)) return 0
  const entries = entriesOf(changed)
  const at = Date.now()
  const advance = 'update revocation_head set position = position + ? where id = 1 returning position'
  const { position } = writer.allNow<{ position: number }>(advance, entries.length)[0]!
  const insert = 'insert into revocation_log (position, m2m_token_id, at) values (?, ?, ?)'
  entries.forEach((id, index) => writer.runNow(insert, position - entries.length + index + 1, id, at))
  return position
}
