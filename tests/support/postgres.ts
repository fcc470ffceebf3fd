/** Databases for tests, on a real PostgreSQL that the whole run shares; see `start-postgres.ts`. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import type { SharedPostgres } from './start-postgres.ts'

// Tests look into rows as clients look into answers: without knowing their type.
// oxlint-disable-next-line typescript/no-explicit-any -- what a row holds is what is being tested
type Row = any

export interface TestDatabase {
  readonly name: string
  readonly url: string
  /** One statement on a connection of its own, which is closed afterwards. Values stand for `$1`, `$2` and so on. */
  query(sql: string, ...values: unknown[]): Promise<Row[]>
  /** Drops it, and ends every connection to it. */
  drop(): Promise<void>
}

/**
 * A new database, which nobody else uses.
 *
 * @param template a database to copy, to which nobody may be connected meanwhile; else the new one is empty
 */
export async function freshDatabase(template?: Pick<TestDatabase, 'name'>): Promise<TestDatabase> {
  const shared = await askForPostgres()
  const name = shared.prefix + randomBytes(8).toString('hex')
  await query(shared.url, `create database ${name} template ${template?.name ?? 'template0'}`)
  const url = new URL(shared.url)
  url.pathname = `/${name}`
  return {
    name,
    url: url.href,
    query: (sql, ...values) => query(url.href, sql, values),
    async drop() {
      await query(shared.url, `drop database if exists ${name} with (force)`)
    },
  }
}

async function askForPostgres(): Promise<SharedPostgres> {
  const response = await fetch(inject('postgres'))
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as SharedPostgres
}

async function query(url: string, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    const { rows } = await client.query(sql, [...values])
    return rows
  } finally {
    await client.end()
  }
}
