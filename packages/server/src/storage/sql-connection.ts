/**
 * What the stores ask of a connection to a database: a query builder for what is cold, text for what is hot.
 * Text has `?` for its values. Whatever the driver throws comes out as `service_unavailable`: a store that
 * fails has no opinion.
 */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

export type SqlValue = string | number | null | Uint8Array

export interface SqlConnection {
  readonly dialect: 'sqlite' | 'postgres'
  readonly query: Kysely<Schema>
  /** For what may look at very many rows: it waits for others of its like, and nothing else waits for it. */
  readonly slow: Kysely<Schema>
  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined>
  /** As `get`, with the columns in their order: half the cost, for the one read that verification makes. */
  getColumns<Columns extends readonly unknown[]>(
    sql: string,
    ...values: SqlValue[]
  ): Promise<Columns | undefined>
  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]>
  /** @returns how many rows changed */
  run(sql: string, ...values: SqlValue[]): Promise<number>
}

const FIND_TABLE = {
  sqlite: `select 1 as found from sqlite_schema where type = 'table' and name = ?`,
  postgres: 'select 1 as found where to_regclass(?) is not null',
} as const

export const hasTable = async (sql: Pick<SqlConnection, 'dialect' | 'get'>, name: string): Promise<boolean> =>
  (await sql.get(FIND_TABLE[sql.dialect], name)) !== undefined
