/** What the stores ask of a connection, on PostgreSQL. */
import { createHash } from 'node:crypto'
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { AuthorityError, unavailable } from '../../core/errors.ts'
import type { Schema } from '../schema.ts'
import type { SqlConnection, SqlValue } from '../sql-connection.ts'

/** One connection or several; whatever answers a query. */
export interface Queryable {
  query(config: pg.QueryConfig | pg.QueryArrayConfig): Promise<pg.QueryResult>
}

/** What is sent for a text of ours. Its name makes a connection prepare it once. */
export interface Statement {
  readonly text: string
  readonly name?: string
}

/**
 * PostgreSQL numbers its values. No text of ours has a question mark in it otherwise, and they are as many as
 * our sources have.
 *
 * @param prepare not through a pooler, which may give each transaction another connection
 */
export function createStatements(prepare: boolean): (sql: string) => Statement {
  const statements = new Map<string, Statement>()
  return (sql) => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      let number = 0
      const text = sql.replaceAll('?', () => `$${++number}`)
      const name = `mintmark_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
      statements.set(sql, (statement = prepare ? { text, name } : { text }))
    }
    return statement
  }
}

/** @param slow answers what may look at very many rows */
export function createSql(
  toStatement: (sql: string) => Statement,
  queryable: Queryable,
  slow: Queryable = queryable,
): SqlConnection {
  const ask = (sql: string, values: SqlValue[], rowMode?: 'array') =>
    orUnavailable(() =>
      queryable.query({ ...toStatement(sql), values, ...(rowMode && { rowMode }) } as pg.QueryConfig),
    )
  const builder = (over: Queryable) =>
    new Kysely<Schema>({ dialect: new PostgresDialect({ pool: builderPool(over) }) })
  const query = builder(queryable)
  return {
    dialect: 'postgres',
    query,
    slow: slow === queryable ? query : builder(slow),
    get: async (sql, ...values) => (await ask(sql, values)).rows[0] as never,
    getColumns: async (sql, ...values) => (await ask(sql, values, 'array')).rows[0] as never,
    all: async (sql, ...values) => (await ask(sql, values)).rows as never,
    run: async (sql, ...values) => (await ask(sql, values)).rowCount ?? 0,
  }
}

async function orUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw error instanceof AuthorityError ? error : unavailable(error)
  }
}

/** The shape of pool that the query builder drives. It never ends ours. */
function builderPool(queryable: Queryable): PostgresPool {
  const client = {
    query: (text: string, values: readonly unknown[]) =>
      orUnavailable(() => queryable.query({ text, values: [...values] })),
    release: () => {},
  } as unknown as PostgresPoolClient
  return { connect: async () => client, end: async () => {} } as PostgresPool
}
