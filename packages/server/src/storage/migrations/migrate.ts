/**
 * Brings a database to the schema of this release: forward only, each migration in a transaction with
 * the note that it ran, one process at a time. A database that knows a migration this release does not
 * is newer, and is refused.
 */
import { sql, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { StorageError } from '../storage-error.ts'
import type { Schema } from '../schema.ts'
import * as firstTables from './0001-first-tables.ts'
import * as idempotentAnswers from './0002-idempotent-answers.ts'
import * as signingKeyLife from './0003-signing-key-life.ts'

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first-tables': firstTables,
  '0002-idempotent-answers': idempotentAnswers,
  '0003-signing-key-life': signingKeyLife,
}

export interface MigrationState {
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

/** @throws {StorageError} if the schema is newer than this release */
export async function migrationState(db: Kysely<Schema>): Promise<MigrationState> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const known = Object.keys(MIGRATIONS)
  if (!tables.some(({ name }) => name === 'kysely_migration')) return { applied: [], pending: known }
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute()
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
 * @returns the names of what ran
 * @throws {StorageError} if the schema is newer, or a migration failed and was rolled back
 */
export async function migrate(db: Kysely<Schema>): Promise<readonly string[]> {
  if ((await migrationState(db)).pending.length === 0) return []
  await sql`begin immediate`.execute(db)
  try {
    const { pending } = await migrationState(db)
    if (pending.length > 0) await runAll(db)
    await sql`commit`.execute(db)
    return pending
  } catch (error) {
    await sql`rollback`.execute(db)
    throw error
  }
}

async function runAll(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({
    db,
    disableTransactions: true,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw new StorageError('A migration failed and was rolled back.', { cause: error })
}
