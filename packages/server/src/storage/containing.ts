import { sql, type RawBuilder } from 'kysely'
import type { SqlConnection } from './sql-connection.ts'

/** PostgreSQL's own knows the letters of English only, unless it is told otherwise; our SQLite is told once. */
const LETTERS = { sqlite: sql``, postgres: sql` collate "und-x-icu"` } as const

/** Is the text a part of the column, in any case? The wildcards of LIKE stand for themselves. */
export function containing({ dialect }: SqlConnection, column: string, text: string): RawBuilder<boolean> {
  const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  return sql<boolean>`lower(${sql.ref(column)}${LETTERS[dialect]}) like ${pattern} escape '\\'`
}
