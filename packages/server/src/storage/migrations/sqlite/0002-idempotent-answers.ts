import { sql, type Kysely } from 'kysely'

/**
 * Not clustered by its key, as other tables are: the key is random and a row is long. So rows go to the
 * end of the file, and only a short entry goes somewhere in between.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table idempotent_answers (
    scope text primary key,
    fingerprint text not null,
    sealed_key_id integer not null references master_keys (id),
    sealed_box blob not null,
    created_at integer not null
  ) strict`,
  `create index idempotent_answers_by_age on idempotent_answers (created_at)`,
]
