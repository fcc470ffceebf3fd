import { sql, type RawBuilder } from 'kysely'

/** Is the text a part of the column, in any case? The wildcards of LIKE stand for themselves. */
export function containing(column: string, text: string): RawBuilder<boolean> {
  const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  return sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`
}
