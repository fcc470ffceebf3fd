/**
 * The tables as the query builder knows them. Instants are Unix milliseconds; JSON is kept as text, so
 * that it comes back as it went in. `migrations/` makes them and is the last word on their constraints.
 */
import type { Generated } from 'kysely'

export interface Schema {
  master_keys: { id: number; fingerprint: string; created_at: number }
  instances: {
    id: string
    name: string
    environment: string
    frontend_origin: string | null
    allowed_origins: string
    sign_in_url: string | null
    home_url: string | null
    tokens_not_before: number | null
    created_at: number
  }
  instance_secret_keys: {
    id: string
    instance_id: string
    environment: string
    mac_key_id: number
    created_at: number
    expires_at: number | null
  }
  signing_keys: {
    id: string
    instance_id: string
    use: string
    alg: string
    public_n: string
    public_e: string
    sealed_key_id: number
    sealed_box: Uint8Array
    created_at: number
    active_from: number
    retires_at: number | null
    revoked_at: number | null
    tokens_not_before: number | null
  }
  machines: {
    id: string
    instance_id: string
    name: string
    default_token_ttl: number | null
    tokens_not_before: number | null
    created_at: number
    updated_at: number
  }
  machine_scopes: { from_id: string; to_id: string; created_at: number }
  machine_secret_keys: {
    id: string
    machine_id: string
    instance_id: string
    mac_key_id: number
    created_at: number
    expires_at: number | null
  }
  users: {
    id: string
    instance_id: string
    first_name: string | null
    last_name: string | null
    public_metadata: string
    private_metadata: string
    unsafe_metadata: string
    created_at: number
    updated_at: number
  }
  user_identifiers: {
    instance_id: string
    type: string
    value: string
    user_id: string
    id: string
    position: number
  }
  browsers: {
    id: string
    instance_id: string
    mac_key_id: number
    created_at: number
    updated_at: number
  }
  sessions: {
    id: string
    instance_id: string
    browser_id: string
    user_id: string
    actor: string | null
    actor_token_id: string | null
    status: string
    address: string | null
    inactivity_timeout: number
    last_active_at: number
    expires_at: number
    created_at: number
    updated_at: number
  }
  m2m_tokens: {
    id: string
    instance_id: string
    machine_id: string
    format: string
    scopes: string
    claims: string | null
    pool_key: string | null
    mac_key_id: number
    signing_key_id: string | null
    expires_at: number | null
    revoked_at: number | null
    revocation_reason: string | null
    created_at: number
    updated_at: number
  }
  m2m_token_uses: { token_id: string; last_used_at: number }
  actor_tokens: {
    id: string
    instance_id: string
    user_id: string
    actor: string
    status: string
    session_max_duration: number
    reason: string | null
    reference: string | null
    permissions: string | null
    expires_at: number
    created_at: number
    updated_at: number
  }
  sign_in_tokens: {
    id: string
    instance_id: string
    user_id: string
    status: string
    expires_at: number
    created_at: number
    updated_at: number
  }
  testing_tokens: {
    id: string
    instance_id: string
    mac_key_id: number
    label: string | null
    max_uses: number | null
    uses: number
    revoked_at: number | null
    expires_at: number
    created_at: number
  }
  idempotent_answers: {
    scope: string
    fingerprint: string
    sealed_key_id: number
    sealed_box: Uint8Array
    created_at: number
  }
  revocation_head: { id: number; epoch: string; position: number }
  revocation_log: { position: number; m2m_token_id: string | null; at: number }
  audit_events: {
    number: Generated<number>
    instance_id: string
    at: number
    action: string
    caller_kind: string
    caller_id: string | null
    target_id: string
    address: string | null
    trace_id: string
    reason: string | null
  }
}
