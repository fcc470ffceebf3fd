/**
 * One connection to SQLite, through the driver that Node carries. Statements are prepared once for each
 * text and kept: the driver is synchronous, so nothing else can be using one.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect, type SqliteDatabase } from 'kysely'
import { unavailable } from '../core/errors.ts'
import type { Schema } from './schema.ts'

export type SqlValue = SQLInputValue

/**
 * What the stores ask of a connection: a query builder for what is cold, prepared text for what is hot.
 * Whatever the driver throws comes out as `service_unavailable`: a store that fails has no opinion.
 */
export interface SqlConnection {
  readonly query: Kysely<Schema>
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined
  /** As `get`, with the columns in their order: half the cost, for the one read that verification makes. */
  getColumns<Columns extends readonly unknown[]>(sql: string, ...values: SqlValue[]): Columns | undefined
  all<Row>(sql: string, ...values: SqlValue[]): Row[]
  /** @returns how many rows changed */
  run(sql: string, ...values: SqlValue[]): number
}

export interface SqliteConnection extends SqlConnection {
  /** Another number than before if another connection has committed since. */
  dataVersion(): number
  readonly inTransaction: boolean
  exec(sql: string): void
  close(): void
}

/** How long a statement waits for another process to finish its write. */
const BUSY_TIMEOUT_MS = 5_000

/** How many prepared statements are kept; there are fewer texts than this, but for queries with lists. */
const STATEMENTS = 500

export function connectSqlite(path: string, options: { readonly readOnly: boolean }): SqliteConnection {
  const database = new DatabaseSync(path, { ...options, timeout: BUSY_TIMEOUT_MS, allowExtension: false })
  // SQLite's own knows the letters of English only.
  database.function('lower', { deterministic: true }, (text) =>
    typeof text === 'string' ? text.toLowerCase() : null,
  )
  const prepare = createPreparer(database, (statement) => statement)
  const prepareArrays = createPreparer(database, (statement) => {
    statement.setReturnArrays(true)
    return statement
  })
  const getColumns: SqlConnection['getColumns'] = (sql, ...values) =>
    orUnavailable(() => prepareArrays(sql).get(...values)) as never

  return {
    dataVersion: () => getColumns<[number]>('pragma data_version')![0],
    query: new Kysely<Schema>({
      dialect: new SqliteDialect({ database: builderDatabase(prepare) }),
    }),
    getColumns,
    get: (sql, ...values) => orUnavailable(() => prepare(sql).get(...values)) as never,
    all: (sql, ...values) => orUnavailable(() => prepare(sql).all(...values)) as never,
    run: (sql, ...values) => Number(orUnavailable(() => prepare(sql).run(...values)).changes),
    exec: (sql) => orUnavailable(() => database.exec(sql)),
    get inTransaction() {
      return database.isTransaction
    },
    close: () => database.close(),
  }
}

/** Prepares each text once. @param finish sets what all its statements have in common */
function createPreparer(database: DatabaseSync, finish: (statement: StatementSync) => StatementSync) {
  const statements = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      if (statements.size >= STATEMENTS) statements.clear()
      statements.set(sql, (statement = finish(database.prepare(sql))))
    }
    return statement
  }
}

function orUnavailable<T>(ask: () => T): T {
  try {
    return ask()
  } catch (error) {
    throw unavailable(error)
  }
}

/** The shape of database that the query builder drives. It never closes ours. */
const builderDatabase = (prepare: (sql: string) => StatementSync): SqliteDatabase => ({
  close: () => {},
  prepare(sql) {
    const statement = orUnavailable(() => prepare(sql))
    return {
      reader: statement.columns().length > 0,
      all: (values) => orUnavailable(() => statement.all(...(values as SqlValue[]))),
      run: (values) => orUnavailable(() => statement.run(...(values as SqlValue[]))),
      iterate: (values) => orUnavailable(() => statement.iterate(...(values as SqlValue[]))),
    }
  },
})
