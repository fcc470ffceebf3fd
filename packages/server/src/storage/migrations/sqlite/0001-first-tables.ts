import { sql, type Kysely } from 'kysely'

/**
 * Keys that ascend with time are clustered (`without rowid`), so that new tokens go to the end of the
 * file and a look-up by id is one descent. M2M tokens have two indexes and no more: each costs a write
 * for every token that is issued.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table master_keys (
    id integer primary key check (id between 1 and 255),
    fingerprint text not null unique,
    created_at integer not null
  ) strict`,

  `create table instances (
    id text primary key,
    name text not null,
    environment text not null check (environment in ('test', 'live')),
    frontend_origin text unique,
    created_at integer not null
  ) strict, without rowid`,

  `create table instance_secret_keys (
    id text primary key,
    instance_id text not null references instances (id),
    environment text not null check (environment in ('test', 'live')),
    mac_key_id integer not null references master_keys (id),
    created_at integer not null,
    expires_at integer
  ) strict, without rowid`,

  `create table signing_keys (
    id text primary key,
    instance_id text not null references instances (id),
    use text not null check (use in ('token', 'ticket')),
    alg text not null check (alg = 'RS256'),
    public_n text not null,
    public_e text not null,
    sealed_key_id integer not null references master_keys (id),
    sealed_box blob not null,
    created_at integer not null
  ) strict, without rowid`,
  `create index signing_keys_by_instance on signing_keys (instance_id)`,

  `create table machines (
    id text primary key,
    instance_id text not null references instances (id),
    name text not null,
    default_token_ttl integer,
    created_at integer not null,
    updated_at integer not null
  ) strict, without rowid`,
  `create index machines_by_instance on machines (instance_id, created_at)`,

  `create table machine_scopes (
    from_id text not null references machines (id) on delete cascade,
    to_id text not null references machines (id) on delete cascade,
    created_at integer not null,
    primary key (from_id, to_id)
  ) strict, without rowid`,
  `create index machine_scopes_by_target on machine_scopes (to_id)`,

  `create table machine_secret_keys (
    id text primary key,
    machine_id text not null references machines (id) on delete cascade,
    instance_id text not null references instances (id),
    mac_key_id integer not null references master_keys (id),
    created_at integer not null,
    expires_at integer
  ) strict, without rowid`,
  `create index machine_secret_keys_by_machine on machine_secret_keys (machine_id, id)`,

  `create table users (
    id text primary key,
    instance_id text not null references instances (id),
    first_name text,
    last_name text,
    public_metadata text not null,
    private_metadata text not null,
    unsafe_metadata text not null,
    created_at integer not null,
    updated_at integer not null
  ) strict, without rowid`,
  `create index users_by_instance on users (instance_id, created_at)`,

  `create table user_identifiers (
    instance_id text not null,
    type text not null check (type in ('email_address', 'phone_number', 'username', 'external_id')),
    value text not null,
    user_id text not null references users (id) on delete cascade,
    id text not null,
    position integer not null,
    primary key (instance_id, type, value)
  ) strict, without rowid`,
  `create index user_identifiers_by_user on user_identifiers (user_id)`,

  `create table m2m_tokens (
    id text primary key,
    instance_id text not null,
    machine_id text not null,
    format text not null check (format in ('opaque', 'jwt')),
    scopes text not null,
    claims text,
    pool_key text,
    mac_key_id integer not null,
    expires_at integer,
    revoked_at integer,
    revocation_reason text,
    created_at integer not null,
    updated_at integer not null
  ) strict, without rowid`,
  `create index m2m_tokens_by_machine on m2m_tokens (machine_id, id)`,
  `create index m2m_tokens_by_pool on m2m_tokens (machine_id, pool_key, expires_at)
    where pool_key is not null and revoked_at is null`,

  `create table m2m_token_uses (
    token_id text primary key,
    last_used_at integer not null
  ) strict, without rowid`,

  `create table actor_tokens (
    id text primary key,
    instance_id text not null references instances (id),
    user_id text not null,
    actor text not null,
    status text not null check (status in ('pending', 'accepted', 'revoked')),
    session_max_duration integer not null,
    expires_at integer not null,
    created_at integer not null,
    updated_at integer not null
  ) strict, without rowid`,

  `create table testing_tokens (
    id text primary key,
    instance_id text not null references instances (id),
    mac_key_id integer not null references master_keys (id),
    expires_at integer not null,
    created_at integer not null
  ) strict, without rowid`,

  `create table audit_events (
    number integer primary key autoincrement,
    instance_id text not null,
    at integer not null,
    action text not null,
    caller_kind text not null,
    caller_id text,
    target_id text not null,
    address text,
    trace_id text not null,
    reason text
  ) strict`,
]
