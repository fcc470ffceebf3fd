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
  /** How many statements it has begun that might write. */
  readonly writes: number
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
  let writes = 0
  const onWrite = () => void writes++
  const prepare = createPreparer(database, { onWrite })
  const prepareArrays = createPreparer(database, { onWrite, asArrays: true })
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
    get writes() {
      return writes
    },
    close: () => database.close(),
  }
}

interface PreparerOptions {
  /** Called before a statement runs that is not known to only read. */
  readonly onWrite: () => void
  /** Rows come with their columns in order, without names. */
  readonly asArrays?: boolean
}

const ONLY_READS = /^(?:select|pragma) /

/** Prepares each text once. What it returns is run at once, and once. */
function createPreparer(database: DatabaseSync, { onWrite, asArrays = false }: PreparerOptions) {
  const known = new Map<string, { readonly statement: StatementSync; readonly onlyReads: boolean }>()

  function add(sql: string) {
    if (known.size >= STATEMENTS) known.clear()
    const statement = database.prepare(sql)
    statement.setReturnArrays(asArrays)
    const prepared = { statement, onlyReads: ONLY_READS.test(sql) }
    known.set(sql, prepared)
    return prepared
  }

  return (sql: string): StatementSync => {
    const { statement, onlyReads } = known.get(sql) ?? add(sql)
    if (!onlyReads) onWrite()
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
