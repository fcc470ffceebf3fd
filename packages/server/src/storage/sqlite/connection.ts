/**
 * One connection to SQLite, through the driver that Node carries. Statements are prepared once for each
 * text and kept: the driver is synchronous, so nothing else can be using one.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteDialect, type SqliteDatabase } from 'kysely'
import { unavailable } from '../../core/errors.ts'
import type { Schema } from '../schema.ts'
import type { SqlConnection, SqlValue } from '../sql-connection.ts'

/** What it does, it has done when it returns; only what the stores ask for comes as a promise, as of any database. */
export interface SqliteConnection extends SqlConnection {
  /** As `all`, at once. */
  allNow<Row>(sql: string, ...values: SqlValue[]): Row[]
  /** As `run`, at once. */
  runNow(sql: string, ...values: SqlValue[]): number
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
  const allNow: SqliteConnection['allNow'] = (sql, ...values) =>
    orUnavailable(() => prepare(sql).all(...values)) as never
  const runNow: SqliteConnection['runNow'] = (sql, ...values) =>
    Number(orUnavailable(() => prepare(sql).run(...values)).changes)

  const query = new Kysely<Schema>({
    dialect: new SqliteDialect({ database: builderDatabase(prepare) }),
  })

  return {
    dialect: 'sqlite',
    query,
    slow: query,
    getColumns: async (sql, ...values) => orUnavailable(() => prepareArrays(sql).get(...values)) as never,
    get: async (sql, ...values) => orUnavailable(() => prepare(sql).get(...values)) as never,
    all: async (sql, ...values) => allNow(sql, ...values),
    run: async (sql, ...values) => runNow(sql, ...values),
    allNow,
    runNow,
    dataVersion: () => orUnavailable(() => prepareArrays('pragma data_version').get()![0]) as number,
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
