import { sql, type Kysely } from 'kysely'

/**
 * The same tables as SQLite has after all of its migrations. Ids compare byte by byte (`collate "C"`), as
 * there. M2M tokens lie in partitions by the time in their ids, so that a month that is over is dropped in
 * one step; `storage/postgres/partitions.ts` makes them ahead, and the default one takes what has none.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const ID = 'text collate "C"'

const STATEMENTS = [
  `create table master_keys (
    id integer primary key check (id between 1 and 255),
    fingerprint text not null unique,
    created_at bigint not null
  )`,

  `create table instances (
    id ${ID} primary key,
    name text not null,
    environment text not null check (environment in ('test', 'live')),
    frontend_origin text unique,
    tokens_not_before bigint,
    created_at bigint not null
  )`,

  `create table instance_secret_keys (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    environment text not null check (environment in ('test', 'live')),
    mac_key_id integer not null references master_keys (id),
    created_at bigint not null,
    expires_at bigint
  )`,

  `create table signing_keys (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    use text not null check (use in ('token', 'ticket')),
    alg text not null check (alg = 'RS256'),
    public_n text not null,
    public_e text not null,
    sealed_key_id integer not null references master_keys (id),
    sealed_box bytea not null,
    created_at bigint not null,
    active_from bigint not null,
    retires_at bigint,
    revoked_at bigint,
    tokens_not_before bigint
  )`,
  `create index signing_keys_by_instance on signing_keys (instance_id)`,

  `create table machines (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    name text collate "C" not null,
    default_token_ttl bigint,
    tokens_not_before bigint,
    created_at bigint not null,
    updated_at bigint not null
  )`,
  `create index machines_by_instance on machines (instance_id, created_at)`,

  `create table machine_scopes (
    from_id ${ID} not null references machines (id) on delete cascade,
    to_id ${ID} not null references machines (id) on delete cascade,
    created_at bigint not null,
    primary key (from_id, to_id)
  )`,
  `create index machine_scopes_by_target on machine_scopes (to_id)`,

  `create table machine_secret_keys (
    id ${ID} primary key,
    machine_id ${ID} not null references machines (id) on delete cascade,
    instance_id ${ID} not null references instances (id),
    mac_key_id integer not null references master_keys (id),
    created_at bigint not null,
    expires_at bigint
  )`,
  `create index machine_secret_keys_by_machine on machine_secret_keys (machine_id, id)`,

  `create table users (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    first_name text,
    last_name text,
    public_metadata text not null,
    private_metadata text not null,
    unsafe_metadata text not null,
    created_at bigint not null,
    updated_at bigint not null
  )`,
  `create index users_by_instance on users (instance_id, created_at)`,

  `create table user_identifiers (
    instance_id ${ID} not null,
    type text not null check (type in ('email_address', 'phone_number', 'username', 'external_id')),
    value text collate "C" not null,
    user_id ${ID} not null references users (id) on delete cascade,
    id text not null,
    position integer not null,
    primary key (instance_id, type, value)
  )`,
  `create index user_identifiers_by_user on user_identifiers (user_id)`,

  `create table m2m_tokens (
    id ${ID} primary key,
    instance_id ${ID} not null,
    machine_id ${ID} not null,
    format text not null check (format in ('opaque', 'jwt')),
    scopes text not null,
    claims text,
    pool_key text,
    mac_key_id integer not null,
    signing_key_id ${ID},
    expires_at bigint,
    revoked_at bigint,
    revocation_reason text,
    created_at bigint not null,
    updated_at bigint not null
  ) partition by range (id)`,
  `create table m2m_tokens_rest partition of m2m_tokens default`,
  `create index m2m_tokens_by_machine on m2m_tokens (machine_id, id)`,
  `create index m2m_tokens_by_pool on m2m_tokens (machine_id, pool_key, expires_at)
    where pool_key is not null and revoked_at is null`,

  `create table m2m_token_uses (
    token_id ${ID} primary key,
    last_used_at bigint not null
  )`,

  `create table actor_tokens (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    user_id ${ID} not null,
    actor text not null,
    status text not null check (status in ('pending', 'accepted', 'revoked')),
    session_max_duration bigint not null,
    expires_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null
  )`,

  `create table testing_tokens (
    id ${ID} primary key,
    instance_id ${ID} not null references instances (id),
    mac_key_id integer not null references master_keys (id),
    expires_at bigint not null,
    created_at bigint not null
  )`,

  `create table idempotent_answers (
    scope text collate "C" primary key,
    fingerprint text not null,
    sealed_key_id integer not null references master_keys (id),
    sealed_box bytea not null,
    created_at bigint not null
  )`,
  `create index idempotent_answers_by_age on idempotent_answers (created_at)`,

  `create table audit_events (
    number bigint generated always as identity primary key,
    instance_id ${ID} not null,
    at bigint not null,
    action text not null,
    caller_kind text not null,
    caller_id text,
    target_id text not null,
    address text,
    trace_id text not null,
    reason text
  )`,

  `create table revocation_head (
    id integer primary key check (id = 1),
    epoch text not null,
    position bigint not null
  )`,
  `insert into revocation_head (id, epoch, position) values (1, substr(md5(random()::text || clock_timestamp()::text), 1, 16), 0)`,
  `create table revocation_log (
    position bigint primary key,
    m2m_token_id ${ID},
    at bigint not null
  )`,
]
