/**
 * Removes records that nobody needs any more, a slice of a table at a time. No index says what is over, because
 * it would cost a write for every token that is issued: ids ascend with time, so a table is walked by them.
 */
import { encodeBase62 } from '../../core/secrets/base62.ts'
import type { Millis } from '../../core/time.ts'
import type { SqlConnection } from '../sql-connection.ts'

/** In this order: first the uses that a dropped month has left behind; the others go with their tokens. */
export const SWEPT_KINDS = [
  'm2mTokenUses',
  'm2mTokens',
  'actorTokens',
  'signInTokens',
  'testingTokens',
  'sessions',
  'browsers',
] as const
export type SweptKind = (typeof SWEPT_KINDS)[number]

export interface Slice {
  readonly kind: SweptKind
  /** Only ids after this one; the empty text for the beginning. */
  readonly after: string
  /** Only ids before this one. */
  readonly before: string
  /** What was over by this instant goes. */
  readonly until: Millis
  /** How many rows are looked at. */
  readonly limit: number
}

export interface SweepStore {
  /** Whether no other transaction sweeps; if so, none does until this one has ended. */
  alone(): Promise<boolean>
  /** @returns the id up to which it has looked; `null` if it has looked at all */
  slice(slice: Slice): Promise<string | null>
  /**
   * Removes the oldest entries of the revocation log, up to the first that is younger, and never the last one.
   *
   * @returns how many, at most `limit`
   */
  revocationLog(until: Millis, limit: number): Promise<number>
}

/** Nobody else uses this number; it stands for "I am sweeping". */
export const SWEEP_LOCK = 7_304_882_104
const LOCK = `select pg_try_advisory_xact_lock(${SWEEP_LOCK}) as alone`

/**
 * From when on a token counts as over: its expiry, however early it was revoked, so that whoever asks for one
 * that was revoked is told so for as long as it would have lived; else its revocation. Once over, always over.
 */
export const M2M_TOKEN_OVER = 'coalesce(expires_at, revoked_at)'

const statements = (table: string, key: string, over: string) => ({
  end: `select ${key} as id from ${table} where ${key} > ? and ${key} < ? order by ${key} limit 1 offset ?`,
  remove: [`delete from ${table} where ${key} > ? and ${key} <= ? and ${over}`],
})

const USES_OF_OVER = `delete from m2m_token_uses where token_id in
  (select id from m2m_tokens where id > ? and id <= ? and ${M2M_TOKEN_OVER} <= ?)`

const M2M_TOKENS = statements('m2m_tokens', 'id', `${M2M_TOKEN_OVER} <= ?`)

const STATEMENTS: Readonly<Record<SweptKind, ReturnType<typeof statements>>> = {
  m2mTokens: { ...M2M_TOKENS, remove: [USES_OF_OVER, ...M2M_TOKENS.remove] },
  // Of a token whose whole month was dropped, or one noted so late that the token had gone.
  m2mTokenUses: statements(
    'm2m_token_uses',
    'token_id',
    'last_used_at <= ? and not exists (select 1 from m2m_tokens where id = m2m_token_uses.token_id)',
  ),
  // As long as the session that it opened is kept, it can be found by it, and ended.
  actorTokens: statements(
    'actor_tokens',
    'id',
    'expires_at <= ? and not exists (select 1 from sessions where actor_token_id = actor_tokens.id)',
  ),
  signInTokens: statements('sign_in_tokens', 'id', 'expires_at <= ?'),
  testingTokens: statements('testing_tokens', 'id', 'expires_at <= ?'),
  sessions: statements('sessions', 'id', 'expires_at <= ?'),
  // The cookie of one without sessions opens nothing; a browser that comes back with it is given another.
  browsers: statements(
    'browsers',
    'id',
    'updated_at <= ? and not exists (select 1 from sessions where browser_id = browsers.id)',
  ),
}

/** A prefix of the log and nothing else: a follower notices that the beginning is missing, but not a hole. */
const SWEEP_LOG = `delete from revocation_log where position < (
    select coalesce(min(case when at > ? then position end), max(position) + 1)
    from (select position, at from revocation_log order by position limit ?) as oldest
  ) and position < (select position from revocation_head where id = 1)`

export const sweepStore = (sql: SqlConnection): SweepStore => ({
  async alone() {
    // Only one process at a time can write to a file.
    return sql.dialect === 'sqlite' || (await sql.get<{ alone: boolean }>(LOCK))!.alone
  },

  async slice({ kind, after, before, until, limit }) {
    const { end, remove } = STATEMENTS[kind]
    const last = (await sql.get<{ id: string }>(end, after, before, limit - 1))?.id ?? null
    // No change is told to the caches. A record that is still in one was over when it came there or is by
    // now, and every verdict is made anew from record and clock: found or not, it is refused alike.
    for (const statement of remove) await sql.run(statement, after, last ?? before, until)
    return last
  },

  revocationLog: (until, limit) => sql.run(SWEEP_LOG, until, limit),
})

const ID_FORMS: Readonly<Record<SweptKind, { readonly prefix: string; readonly isHex: boolean }>> = {
  m2mTokenUses: { prefix: 'mt', isHex: true },
  m2mTokens: { prefix: 'mt', isHex: true },
  actorTokens: { prefix: 'act', isHex: false },
  signInTokens: { prefix: 'sit', isHex: false },
  testingTokens: { prefix: 'tt', isHex: true },
  sessions: { prefix: 'sess', isHex: false },
  browsers: { prefix: 'client', isHex: true },
}

/** Ids of that kind that were made before the instant are less than this, and all others greater. */
export function idAt(kind: SweptKind, at: Millis): string {
  const time = Math.max(0, at).toString(16).padStart(12, '0')
  const { prefix, isHex } = ID_FORMS[kind]
  if (isHex) return `${prefix}_${time}`
  return `${prefix}_${encodeBase62(Uint8Array.from(Buffer.from(time.padEnd(40, '0'), 'hex')))}`
}
