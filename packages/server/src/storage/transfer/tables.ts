/**
 * What is carried from one store to another: all that is kept but for the revocation log, which tells of one
 * history only, and remembered answers, which are good for a day. A column that the schema has and this list
 * has not does not compile.
 */
import type { Schema } from '../schema.ts'

export type TableName = Exclude<keyof Schema, 'revocation_log' | 'revocation_head' | 'idempotent_answers'>

export type Value = string | number | null | Uint8Array
/** The values of one row, in the order of the table's columns. */
export type Row = readonly Value[]

type Kind = 'text' | 'integer' | 'bytes'

export interface Column {
  readonly name: string
  readonly kind: Kind
  readonly nullable: boolean
}

export interface Table {
  readonly name: TableName
  /** Rows are read in the order of these. */
  readonly key: readonly string[]
  readonly columns: readonly Column[]
  /** Whether the database gives out its numbers. */
  readonly numbered: boolean
}

type Kinds<Name extends TableName> = { readonly [Column in keyof Schema[Name]]-?: Kind | `${Kind}?` }

/** In an order in which no row refers to a later one. */
const KINDS: { readonly [Name in TableName]: Kinds<Name> } = {
  master_keys: { id: 'integer', fingerprint: 'text', created_at: 'integer' },
  instances: {
    id: 'text',
    name: 'text',
    environment: 'text',
    frontend_origin: 'text?',
    allowed_origins: 'text',
    sign_in_url: 'text?',
    home_url: 'text?',
    tokens_not_before: 'integer?',
    created_at: 'integer',
  },
  instance_secret_keys: {
    id: 'text',
    instance_id: 'text',
    environment: 'text',
    mac_key_id: 'integer',
    created_at: 'integer',
    expires_at: 'integer?',
  },
  signing_keys: {
    id: 'text',
    instance_id: 'text',
    use: 'text',
    alg: 'text',
    public_n: 'text',
    public_e: 'text',
    sealed_key_id: 'integer',
    sealed_box: 'bytes',
    created_at: 'integer',
    active_from: 'integer',
    retires_at: 'integer?',
    revoked_at: 'integer?',
    tokens_not_before: 'integer?',
  },
  machines: {
    id: 'text',
    instance_id: 'text',
    name: 'text',
    default_token_ttl: 'integer?',
    tokens_not_before: 'integer?',
    created_at: 'integer',
    updated_at: 'integer',
  },
  machine_scopes: { from_id: 'text', to_id: 'text', created_at: 'integer' },
  machine_secret_keys: {
    id: 'text',
    machine_id: 'text',
    instance_id: 'text',
    mac_key_id: 'integer',
    created_at: 'integer',
    expires_at: 'integer?',
  },
  users: {
    id: 'text',
    instance_id: 'text',
    first_name: 'text?',
    last_name: 'text?',
    public_metadata: 'text',
    private_metadata: 'text',
    unsafe_metadata: 'text',
    created_at: 'integer',
    updated_at: 'integer',
  },
  user_identifiers: {
    instance_id: 'text',
    type: 'text',
    value: 'text',
    user_id: 'text',
    id: 'text',
    position: 'integer',
  },
  browsers: {
    id: 'text',
    instance_id: 'text',
    mac_key_id: 'integer',
    created_at: 'integer',
    updated_at: 'integer',
  },
  sessions: {
    id: 'text',
    instance_id: 'text',
    browser_id: 'text',
    user_id: 'text',
    actor: 'text?',
    actor_token_id: 'text?',
    status: 'text',
    address: 'text?',
    inactivity_timeout: 'integer',
    last_active_at: 'integer',
    expires_at: 'integer',
    created_at: 'integer',
    updated_at: 'integer',
  },
  m2m_tokens: {
    id: 'text',
    instance_id: 'text',
    machine_id: 'text',
    format: 'text',
    scopes: 'text',
    claims: 'text?',
    pool_key: 'text?',
    mac_key_id: 'integer',
    signing_key_id: 'text?',
    expires_at: 'integer?',
    revoked_at: 'integer?',
    revocation_reason: 'text?',
    created_at: 'integer',
    updated_at: 'integer',
  },
  m2m_token_uses: { token_id: 'text', last_used_at: 'integer' },
  actor_tokens: {
    id: 'text',
    instance_id: 'text',
    user_id: 'text',
    actor: 'text',
    status: 'text',
    session_max_duration: 'integer',
    reason: 'text?',
    reference: 'text?',
    permissions: 'text?',
    expires_at: 'integer',
    created_at: 'integer',
    updated_at: 'integer',
  },
  sign_in_tokens: {
    id: 'text',
    instance_id: 'text',
    user_id: 'text',
    status: 'text',
    expires_at: 'integer',
    created_at: 'integer',
    updated_at: 'integer',
  },
  testing_tokens: {
    id: 'text',
    instance_id: 'text',
    mac_key_id: 'integer',
    label: 'text?',
    max_uses: 'integer?',
    uses: 'integer',
    revoked_at: 'integer?',
    expires_at: 'integer',
    created_at: 'integer',
  },
  audit_events: {
    number: 'integer',
    instance_id: 'text',
    at: 'integer',
    action: 'text',
    caller_kind: 'text',
    caller_id: 'text?',
    target_id: 'text',
    address: 'text?',
    trace_id: 'text',
    reason: 'text?',
  },
}

/** Where it is not the first column alone. */
const KEYS: Partial<Record<TableName, readonly string[]>> = {
  machine_scopes: ['from_id', 'to_id'],
  user_identifiers: ['instance_id', 'type', 'value'],
}

export const TABLES: readonly Table[] = (Object.keys(KINDS) as TableName[]).map((name) => {
  const columns = Object.entries<string>(KINDS[name]).map(([column, kind]): Column => ({
    name: column,
    kind: kind.replace('?', '') as Kind,
    nullable: kind.endsWith('?'),
  }))
  return { name, columns, key: KEYS[name] ?? [columns[0]!.name], numbered: name === 'audit_events' }
})

export const tableNamed = (name: TableName): Table => TABLES.find((table) => table.name === name)!
