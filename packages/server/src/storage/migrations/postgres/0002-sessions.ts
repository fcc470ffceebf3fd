import { sql, type Kysely } from 'kysely'

/**
 * Browsers and their sessions; sign-in tokens; what an instance's browsers may do; and what an operator says of
 * an impersonation and of a testing token.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const ID = 'text collate "C"'

const STATEMENTS = [
  `alter table instances add column allowed_origins text not null default '[]'`,
  'alter table instances add column sign_in_url text',
  'alter table instances add column home_url text',

  `create table browsers (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    mac_key_id integer not null references master_keys (id),
    created_at bigint not null,
    updated_at bigint not null
  )`,

  `create table sessions (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    browser_id ${ID} not null,
    user_id ${ID} not null,
    actor text,
    actor_token_id ${ID},
    status text not null check (status in ('active', 'revoked', 'ended', 'removed', 'replaced')),
    address text,
    inactivity_timeout bigint not null,
    last_active_at bigint not null,
    expires_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null
  )`,
  'create index sessions_by_user on sessions (instance_id, user_id, id)',
  'create index sessions_by_browser on sessions (browser_id, id)',
  'create index sessions_by_actor_token on sessions (actor_token_id) where actor_token_id is not null',

  `create table sign_in_tokens (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    user_id ${ID} not null,
    status text not null check (status in ('pending', 'accepted', 'revoked')),
    expires_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null
  )`,

  'alter table actor_tokens add column reason text',
  'alter table actor_tokens add column reference text',
  'alter table actor_tokens add column permissions text',
  'create index actor_tokens_by_instance on actor_tokens (instance_id, id)',

  'alter table testing_tokens add column label text',
  'alter table testing_tokens add column max_uses bigint',
  'alter table testing_tokens add column uses bigint not null default 0',
  'alter table testing_tokens add column revoked_at bigint',
  'create index testing_tokens_by_instance on testing_tokens (instance_id, id)',
]
