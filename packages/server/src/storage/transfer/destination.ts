/**
 * A store to fill that nobody sees before it is whole: one transaction on PostgreSQL, on SQLite a file that
 * gets its name at the end.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { migrate } from '../migrations/migrate.ts'
import type { SqlConnection } from '../sql-connection.ts'
import { DATABASE_FILE, RESTORING_FILE } from '../sqlite.ts'
import { connectSqlite } from '../sqlite/connection.ts'
import { StorageError } from '../storage-error.ts'
import { connectPostgres, requireEmpty, type Place } from './connection.ts'
import { refuseUnfinishedCopy } from './copy-progress.ts'
import { TABLES } from './tables.ts'

export interface Destination {
  readonly sql: SqlConnection
  /** Makes what was written durable, and visible. */
  finish(): Promise<void>
  /** Leaves nothing of it. */
  abandon(): Promise<void>
}

/** Tables that are not carried over must be empty too. */
export const ALL_TABLES = [...TABLES.map(({ name }) => name), 'revocation_log', 'idempotent_answers']

/**
 * Brings an empty store to the schema of this release and begins to fill it. Nobody else may use the folder
 * of a SQLite database meanwhile: the caller has its lock.
 *
 * @throws {StorageError} if it is not empty, or cannot be used
 */
export const openDestination = (place: Place): Promise<Destination> =>
  place.kind === 'sqlite' ? fillFile(place.folder) : fillDatabase(place.url)

/** @throws {StorageError} if the folder has a database, or what is left of one */
function requireNoFile(folder: string): void {
  // Beside a file that was moved away, its log may have what was committed last.
  const found = [DATABASE_FILE, `${DATABASE_FILE}-wal`].find((file) => existsSync(join(folder, file)))
  if (found === undefined) return
  throw new StorageError(
    `There is a database in ${resolve(folder)} already (${found}), and nothing is ever overwritten. Use an empty folder, or move it away first, with what is named like it.`,
  )
}

/** Removes what a restore into that folder has written, where it ends in the middle. The caller has the folder's lock. */
export const removeUnfinished = (folder: string): void =>
  rmSync(join(folder, RESTORING_FILE), { force: true })

async function fillFile(folder: string): Promise<Destination> {
  requireNoFile(folder)
  const path = join(folder, DATABASE_FILE)
  // One that was left by a process that was killed is of no use.
  const unfinished = join(folder, RESTORING_FILE)
  removeUnfinished(folder)
  const connection = connectSqlite(unfinished, { readOnly: false })
  let open = true
  const close = () => {
    if (open) connection.close()
    open = false
  }
  const abandon = async () => {
    close()
    removeUnfinished(folder)
  }
  try {
    // It is synced once, at its end; before that it is nothing that could be lost.
    connection.exec('pragma journal_mode = memory; pragma synchronous = off; pragma foreign_keys = on')
    await migrate(connection)
    await connection.run('begin immediate')
  } catch (error) {
    await abandon()
    throw error
  }
  return {
    sql: connection,
    abandon,
    async finish() {
      await connection.run('commit')
      close()
      sync(unfinished)
      requireNoFile(folder)
      renameSync(unfinished, path)
      sync(folder)
    },
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

async function fillDatabase(url: string): Promise<Destination> {
  const { sql, close } = await connectPostgres(url)
  try {
    await refuseUnfinishedCopy(sql)
    await migrate(sql)
    await sql.run('begin')
    // Who would write meanwhile waits, and finds that there is something.
    await sql.run(`lock table ${ALL_TABLES.join(', ')} in exclusive mode`)
    await requireEmpty(sql, ALL_TABLES)
  } catch (error) {
    await close()
    throw error
  }
  return {
    sql,
    async finish() {
      await sql.run('commit')
      await close()
    },
    async abandon() {
      // A connection that ends takes its transaction with it.
      await close()
    },
  }
}
