/**
 * Brings a database to the schema of this release: forward only, each migration in a transaction with
 * the note that it ran, one process at a time. A database that knows a migration this release does not
 * is newer, and is refused.
 */
import { sql, type Kysely } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, Migrator, type Migration } from 'kysely/migration'
import { AuthorityError } from '../../core/errors.ts'
import { StorageError } from '../storage-error.ts'
import type { Schema } from '../schema.ts'
import { hasTable, type SqlConnection } from '../sql-connection.ts'
import { refuseUnfinishedCopy } from '../transfer/copy-progress.ts'
import * as postgresFirstTables from './postgres/0001-first-tables.ts'
import * as postgresSessions from './postgres/0002-sessions.ts'
import * as firstTables from './sqlite/0001-first-tables.ts'
import * as idempotentAnswers from './sqlite/0002-idempotent-answers.ts'
import * as signingKeyLife from './sqlite/0003-signing-key-life.ts'
import * as revocationLog from './sqlite/0004-revocation-log.ts'
import * as sessions from './sqlite/0005-sessions.ts'

const MIGRATIONS: Readonly<Record<SqlConnection['dialect'], Readonly<Record<string, Migration>>>> = {
  sqlite: {
    '0001-first-tables': firstTables,
    '0002-idempotent-answers': idempotentAnswers,
    '0003-signing-key-life': signingKeyLife,
    '0004-revocation-log': revocationLog,
    '0005-sessions': sessions,
  },
  postgres: {
    '0001-first-tables': postgresFirstTables,
    '0002-sessions': postgresSessions,
  },
}

/** Waits until no other process migrates, and has the rest of the connection's work be one transaction. */
const BEGIN = {
  sqlite: ['begin immediate'],
  // A number of our own choice; whoever has it holds it until the transaction ends.
  postgres: ['begin', 'select pg_advisory_xact_lock(7304882103)'],
} as const

export interface MigrationState {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

/** @throws {StorageError} if the schema is newer than this release */
export async function migrationState(connection: SqlConnection): Promise<MigrationState> {
  const known = Object.keys(MIGRATIONS[connection.dialect])
  if (!(await hasTable(connection, DEFAULT_MIGRATION_TABLE))) return { applied: [], pending: known }
  const rows = await connection.all<{ name: string }>(
    `select name from ${DEFAULT_MIGRATION_TABLE} order by name`,
  )
  const applied = rows.map(({ name }) => name)
  const newer = applied.filter((name) => !known.includes(name))
  if (newer.length > 0) {
    throw new StorageError(
      `The database has a newer schema (${newer.at(-1)}) than this release of Mintmark (${known.at(-1)}). Use the newer release.`,
    )
  }
  return { applied, pending: known.filter((name) => !applied.includes(name)) }
}

/**
 * All that is pending runs in one transaction. It begins as a writer, so that of several processes one
 * runs it, and the others wait and then see that all is done.
 *
 * @param connection one connection, and not a pool of them
 * @returns the names of what ran
 * @throws {StorageError} if the schema is newer, or a migration failed and was rolled back
 */
export async function migrate(connection: SqlConnection): Promise<readonly string[]> {
  const { dialect, query } = connection
  if ((await migrationState(connection)).pending.length === 0) return []
  for (const statement of BEGIN[dialect]) await sql.raw(statement).execute(query)
  try {
    const { pending } = await migrationState(connection)
    if (pending.length > 0) await runAll(query, MIGRATIONS[dialect])
    await sql`commit`.execute(query)
    return pending
  } catch (error) {
    await sql`rollback`.execute(query)
    throw error
  }
}

/**
 * What a storage does before it opens a database.
 *
 * @throws {StorageError} if it is older and may not be migrated, newer, or half of a copy
 */
export async function prepareSchema(connection: SqlConnection, mayMigrate: boolean): Promise<void> {
  await refuseUnfinishedCopy(connection)
  const { pending } = await migrationState(connection)
  if (pending.length === 0) return
  if (!mayMigrate) {
    throw new StorageError(`The database needs ${pending.length} migration(s). Run "mintmark migrate" first.`)
  }
  await migrate(connection)
}

/** What the database says of a table or a right; no values are in it, as a migration writes none. */
function reasonOf(error: unknown): string {
  const { message } = (error instanceof AuthorityError ? error.cause : error) as Error
  return /already exists/.test(message)
    ? `${message}, which is not one of Mintmark's. Use an empty database`
    : message.replace(/\.$/, '')
}

async function runAll(db: Kysely<Schema>, migrations: Readonly<Record<string, Migration>>): Promise<void> {
  // The migrator tells the last error, and all that follow one in a transaction say nothing of it.
  let first: unknown
  const watched = ({ up }: Migration): Migration => ({
    async up(on) {
      try {
        await up(on)
      } catch (error) {
        first ??= error
        throw error
      }
    },
  })
  const all = Object.fromEntries(Object.entries(migrations).map(([name, each]) => [name, watched(each)]))
  const migrator = new Migrator({
    db,
    disableTransactions: true,
    provider: { getMigrations: async () => all },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const cause = first ?? error
    throw new StorageError(`A migration failed and was rolled back: ${reasonOf(cause)}.`, { cause })
  }
}
