import { sql, type Kysely } from 'kysely'

/**
 * What other processes must forget, in the order of commits; before which instant nothing issued is good any
 * more; and with which key a JWT was signed. The epoch tells one history of the log from another.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table revocation_head (
    id integer primary key check (id = 1),
    epoch text not null,
    position integer not null
  ) strict`,
  `insert into revocation_head (id, epoch, position) values (1, lower(hex(randomblob(8))), 0)`,
  `create table revocation_log (
    position integer primary key,
    m2m_token_id text,
    at integer not null
  ) strict`,
  'alter table instances add column tokens_not_before integer',
  'alter table machines add column tokens_not_before integer',
  'alter table signing_keys add column tokens_not_before integer',
  'alter table m2m_tokens add column signing_key_id text',
]
