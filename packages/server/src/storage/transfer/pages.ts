/** Reads whole tables in the order of their keys, a page at a time, and sums up what was read. */
import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SqlConnection } from '../sql-connection.ts'
import type { Row, Table, Value } from './tables.ts'

export type Key = readonly (string | number)[]

/** Rows of a page: many, but no more than make a few megabytes. */
const MOST_ROWS = 5_000
const FEWEST_ROWS = 100
const PAGE_BYTES = 8_000_000

/**
 * @param after the key of the row before the first
 * @returns pages of rows, none of them empty
 */
export async function* readPages(
  sql: SqlConnection,
  table: Table,
  after: Key | null = null,
): AsyncGenerator<readonly Row[]> {
  const columns = table.columns.map(({ name }) => `"${name}"`).join(', ')
  const key = table.key.map((name) => `"${name}"`).join(', ')
  const marks = table.key.map(() => '?').join(', ')
  const select = (condition: string) =>
    `select ${columns} from ${table.name} ${condition} order by ${key} limit ?`
  const first = select('')
  const next = select(`where (${key}) > (${marks})`)

  let last = after
  let limit = FEWEST_ROWS
  for (;;) {
    const records =
      last === null
        ? await sql.all<Record<string, Value>>(first, limit)
        : await sql.all<Record<string, Value>>(next, ...last, limit)
    if (records.length === 0) return
    const rows = records.map((record) => table.columns.map(({ name }) => record[name]!))
    yield rows
    // SQLite answers without waiting, and nobody would hear a signal before the end.
    await nextTurn()
    if (records.length < limit) return
    last = keyOf(table, rows.at(-1)!)
    const perRow = rows.reduce((sum, row) => sum + sizeOf(row), 0) / rows.length
    limit = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(PAGE_BYTES / perRow)))
  }
}

export const keyOf = (table: Table, row: Row): Key =>
  table.key.map((name) => row[table.columns.findIndex((column) => column.name === name)] as string | number)

const sizeOf = (row: Row): number =>
  row.reduce(
    (sum: number, value) =>
      sum + (value !== null && typeof value === 'object' ? value.length : String(value).length),
    0,
  )

/** A row as one line, the same from whichever store it came. */
export const toLine = (row: Row): string =>
  `${JSON.stringify(row.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)))}\n`

export interface Sum {
  readonly rows: number
  /** Of all lines in the order of the key, in hex. */
  readonly sha256: string
}

export function createSum(): { add(lines: readonly string[]): void; end(): Sum } {
  const hash = createHash('sha256')
  let rows = 0
  return {
    add(lines) {
      rows += lines.length
      hash.update(lines.join(''))
    },
    end: () => ({ rows, sha256: hash.digest('hex') }),
  }
}

/** @param onRows called with how many rows were read since the last call */
export async function sumOf(
  sql: SqlConnection,
  table: Table,
  onRows: (count: number) => void = () => {},
): Promise<Sum> {
  const sum = createSum()
  for await (const rows of readPages(sql, table)) {
    sum.add(rows.map(toLine))
    onRows(rows.length)
  }
  return sum.end()
}

/** How many rows there are in all tables, for whoever waits for them. */
export async function countRows(sql: SqlConnection, tables: readonly Table[]): Promise<number> {
  let total = 0
  for (const { name } of tables) {
    total += (await sql.get<{ count: number }>(`select count(*) as count from ${name}`))!.count
  }
  return total
}
