/**
 * How far a copy into this database has come, in a table of its own that is dropped when it is done. While it
 * is there, the database is half of one: nothing may serve from it, and nothing may be taken from it.
 */
import { hasTable, type SqlConnection } from '../sql-connection.ts'
import { StorageError } from '../storage-error.ts'

const TABLE = 'copy_progress'

export const isUnfinishedCopy = (sql: SqlConnection): Promise<boolean> => hasTable(sql, TABLE)

/** @throws {StorageError} if a copy into the database was begun and not ended */
export async function refuseUnfinishedCopy(sql: SqlConnection): Promise<void> {
  if (!(await isUnfinishedCopy(sql))) return
  throw new StorageError(
    'A copy into this database was not finished. Run the same "mintmark copy" again, which goes on where it stopped; or empty the database.',
  )
}

/** How far one table has come. */
export interface TableProgress {
  /** The key of the last row that is there, `null` before the first. */
  readonly lastKey: readonly (string | number)[] | null
  readonly copied: number
}

/** @param source the epoch of the source, which no other has */
export async function beginProgress(
  sql: SqlConnection,
  source: string,
  tables: readonly string[],
): Promise<void> {
  await sql.run(
    `create table ${TABLE} (table_name text primary key, source text not null, last_key text, copied bigint not null)`,
  )
  const insert = `insert into ${TABLE} (table_name, source, copied) values (?, ?, 0)`
  for (const table of tables) await sql.run(insert, table, source)
}

/** @throws {StorageError} if what was begun was a copy of something else */
export async function readProgress(
  sql: SqlConnection,
  source: string,
): Promise<ReadonlyMap<string, TableProgress>> {
  const rows = await sql.all<{ table_name: string; source: string; last_key: string | null; copied: number }>(
    `select table_name, source, last_key, copied from ${TABLE}`,
  )
  if (rows.some((row) => row.source !== source)) {
    throw new StorageError(
      'A copy of another source into this database was begun and not finished. Give that source, or use an empty database.',
    )
  }
  const toKey = (text: string | null) => (text === null ? null : (JSON.parse(text) as (string | number)[]))
  return new Map(rows.map((row) => [row.table_name, { lastKey: toKey(row.last_key), copied: row.copied }]))
}

/** In the transaction that writes the rows, so that neither is there without the other. */
export async function writeProgress(
  sql: SqlConnection,
  table: string,
  { lastKey, copied }: TableProgress,
): Promise<void> {
  const update = `update ${TABLE} set last_key = ?, copied = ? where table_name = ?`
  await sql.run(update, JSON.stringify(lastKey), copied, table)
}

export const endProgress = (sql: SqlConnection): Promise<unknown> => sql.run(`drop table ${TABLE}`)
