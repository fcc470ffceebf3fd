/**
 * One connection to a store that rows are carried from or to. It waits longer than a server does: nobody
 * stands behind a request here, and one statement may look at a whole table.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { migrationState } from '../migrations/migrate.ts'
import type { Connected } from '../postgres/prepare.ts'
import type { SqlConnection, SqlValue } from '../sql-connection.ts'
import { DATABASE_FILE } from '../sqlite.ts'
import { connectSqlite } from '../sqlite/connection.ts'
import { StorageError } from '../storage-error.ts'
import { refuseUnfinishedCopy } from './copy-progress.ts'
import type { Row, Table } from './tables.ts'

/** Where a store is. */
export type Place =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** @throws {StorageError} if it cannot be reached; the message does not repeat the password */
export async function connectPostgres(url: string): Promise<Connected> {
  // Its driver takes a while to load, and most stores do not need it.
  const { connectForCommand } = await import('../postgres/prepare.ts')
  const connected = await connectForCommand(url)
  await connected.sql.run('set statement_timeout = 0')
  await connected.sql.run('set idle_in_transaction_session_timeout = 0')
  return connected
}

/** @throws {StorageError} if there is no database */
function openFile(folder: string): Connected {
  const path = join(folder, DATABASE_FILE)
  if (!existsSync(path)) throw new StorageError(`There is no Mintmark database in ${resolve(folder)}.`)
  const sql = connectSqlite(path, { readOnly: true })
  return { sql, close: async () => sql.close() }
}

/**
 * A store with something in it, to be read only.
 *
 * @throws {StorageError} if there is none, its schema is another, or it is half a copy
 */
export async function openSource(place: Place): Promise<Connected> {
  const opened = place.kind === 'sqlite' ? openFile(place.folder) : await connectPostgres(place.url)
  try {
    await refuseUnfinishedCopy(opened.sql)
    const { pending } = await migrationState(opened.sql)
    if (pending.length > 0) {
      throw new StorageError(
        `The database needs ${pending.length} migration(s) first: run "mintmark migrate", or start a server of this release with it.`,
      )
    }
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** From here to `commit`, everything is read as it was at one moment, whoever writes meanwhile. */
export async function beginSnapshot(sql: SqlConnection): Promise<void> {
  await sql.run(sql.dialect === 'sqlite' ? 'begin' : 'begin isolation level repeatable read read only')
  // The moment is that of the first read.
  await sql.get('select id from master_keys limit 1')
}

export async function inTransaction<T>(sql: SqlConnection, work: () => Promise<T>): Promise<T> {
  await sql.run(sql.dialect === 'sqlite' ? 'begin immediate' : 'begin')
  try {
    const value = await work()
    await sql.run('commit')
    return value
  } catch (error) {
    // What failed is told, and not what may have failed after it.
    await sql.run('rollback').catch(() => {})
    throw error
  }
}

const ARRAY_TYPES = { text: 'text[]', integer: 'bigint[]', bytes: 'bytea[]' } as const

export async function insertRows(sql: SqlConnection, table: Table, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  const columns = table.columns.map(({ name }) => `"${name}"`).join(', ')
  if (sql.dialect === 'sqlite') {
    const marks = table.columns.map(() => '?').join(', ')
    const insert = `insert into ${table.name} (${columns}) values (${marks})`
    for (const row of rows) await sql.run(insert, ...row)
    return
  }
  const overriding = table.numbered ? ' overriding system value' : ''
  const arrays = table.columns.map(({ kind }) => `?::${ARRAY_TYPES[kind]}`).join(', ')
  const insert = `insert into ${table.name} (${columns})${overriding} select * from unnest(${arrays})`
  // The driver writes an array for an array. One for each column makes a statement of any number of rows.
  const values = table.columns.map((_column, index) => rows.map((row) => row[index]))
  await sql.run(insert, ...(values as unknown as SqlValue[]))
}

/** Has new numbers follow those that are there. SQLite sees to that by itself. */
export async function continueNumbers(sql: SqlConnection): Promise<void> {
  if (sql.dialect === 'sqlite') return
  await sql.run(
    `select setval(pg_get_serial_sequence('audit_events', 'number'), coalesce(max(number), 0) + 1, false) from audit_events`,
  )
}

/** @throws {StorageError} with the name of a table that has rows */
export async function requireEmpty(sql: SqlConnection, tables: readonly string[]): Promise<void> {
  for (const name of tables) {
    if ((await sql.get(`select 1 as found from ${name} limit 1`)) === undefined) continue
    throw new StorageError(
      `The database is not empty (there is something in ${name}), and nothing is ever overwritten. Use an empty one.`,
    )
  }
}
