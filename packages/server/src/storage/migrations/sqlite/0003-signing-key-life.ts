import { sql, type Kysely } from 'kysely'

/**
 * When a signing key signs, until when it is good, and when it was revoked. A key that is there already has
 * signed since it was made. The default is only there because a column cannot be added without one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table signing_keys add column active_from integer not null default 0',
  'alter table signing_keys add column retires_at integer',
  'alter table signing_keys add column revoked_at integer',
  'update signing_keys set active_from = created_at',
]
