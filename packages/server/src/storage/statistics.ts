/**
 * How much there is of everything, for an operator. One statement for each table, which the database counts by
 * itself: each is of one moment, but not all of the same.
 */
import { millis, type Millis } from '../core/time.ts'
import type { SqlConnection } from './sql-connection.ts'

/** Tokens of one kind. */
export interface TokenCounts {
  readonly live: number
  readonly expired: number
  /** Also those of a machine that was deleted or a key that was revoked, and actor tokens that were used. */
  readonly revoked: number
}

export const TOKEN_KINDS = ['m2mOpaque', 'm2mJwt', 'actor', 'testing'] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

export interface Counts {
  readonly tokens: Readonly<Record<TokenKind, TokenCounts>>
  readonly machines: number
  readonly users: number
  readonly auditEvents: number
  /** When the oldest M2M token that is live was issued. */
  readonly oldestLive: Millis | null
}

export interface InstanceCounts extends Counts {
  readonly id: string
  readonly name: string
}

export interface DatabaseSize {
  /** All of it, in bytes. On SQLite without the write-ahead log. */
  readonly bytes: number
  /** Bytes that are free for new rows. `null` where that is not known. */
  readonly reusable: number | null
  /** The largest tables with their indexes, largest first; none where that is not known. */
  readonly tables: readonly { readonly name: string; readonly bytes: number }[]
}

export interface Statistics {
  readonly at: Millis
  readonly total: Counts
  readonly instances: readonly InstanceCounts[]
  readonly size: DatabaseSize
}

/** @throws {AuthorityError} `service_unavailable` */
export async function readStatistics(sql: SqlConnection, now: Millis): Promise<Statistics> {
  const tokens = await countTokens(sql, now)
  const [machines, users, auditEvents] = [
    await countRows(sql, 'machines'),
    await countRows(sql, 'users'),
    await countRows(sql, 'audit_events'),
  ]
  const named = await sql.all<{ id: string; name: string }>(
    'select id, name from instances order by created_at, id',
  )
  const instances = named.map(({ id, name }) => ({
    id,
    name,
    tokens: tokensOf(tokens.filter((row) => row.instance_id === id)),
    machines: machines.get(id) ?? 0,
    users: users.get(id) ?? 0,
    auditEvents: auditEvents.get(id) ?? 0,
    oldestLive: oldestOf(tokens.filter((row) => row.instance_id === id)),
  }))
  const total = {
    tokens: tokensOf(tokens),
    machines: sum(machines.values()),
    users: sum(users.values()),
    auditEvents: sum(auditEvents.values()),
    oldestLive: oldestOf(tokens),
  }
  return { at: now, total, instances, size: await readSize(sql) }
}

interface TokenRow {
  readonly kind: TokenKind
  readonly instance_id: string
  readonly live: number
  readonly expired: number
  readonly revoked: number
  readonly oldest: number | null
}

/** @param state an expression that is `live`, `expired` or `revoked` */
const counting = (kind: string, from: string, state: string) =>
  `select kind, instance_id, count(case when state = 'live' then 1 end) as live,
    count(case when state = 'expired' then 1 end) as expired, count(case when state = 'revoked' then 1 end) as revoked,
    min(case when state = 'live' then created_at end) as oldest
  from (select ${kind} as kind, token.instance_id, token.created_at, ${state} as state from ${from}) as counted
  group by kind, instance_id`

/** As a verification would judge it; what was issued before the instant of a mass revocation is revoked by that. */
const M2M_TOKENS = counting(
  "case when token.format = 'jwt' then 'm2mJwt' else 'm2mOpaque' end",
  `m2m_tokens as token left join machines as machine on machine.id = token.machine_id
   left join instances as instance on instance.id = token.instance_id
   left join signing_keys as signer on signer.id = token.signing_key_id`,
  `case when token.revoked_at is not null or machine.id is null or token.created_at <= machine.tokens_not_before
     or token.created_at <= instance.tokens_not_before or token.created_at <= signer.tokens_not_before
     or signer.revoked_at is not null then 'revoked'
   when token.expires_at <= ? then 'expired' else 'live' end`,
)
const ACTOR_TOKENS = counting(
  "'actor'",
  'actor_tokens as token',
  "case when token.status <> 'pending' then 'revoked' when token.expires_at <= ? then 'expired' else 'live' end",
)
const TESTING_TOKENS = counting(
  "'testing'",
  'testing_tokens as token',
  "case when token.expires_at <= ? then 'expired' else 'live' end",
)

async function countTokens(sql: SqlConnection, now: Millis): Promise<readonly TokenRow[]> {
  const rows: TokenRow[] = []
  for (const count of [M2M_TOKENS, ACTOR_TOKENS, TESTING_TOKENS])
    rows.push(...(await sql.all<TokenRow>(count, now)))
  return rows
}

function tokensOf(rows: readonly TokenRow[]): Counts['tokens'] {
  const of = (kind: TokenKind, state: keyof TokenCounts) =>
    sum(rows.filter((row) => row.kind === kind).map((row) => row[state]))
  const counts = TOKEN_KINDS.map((kind) => [
    kind,
    { live: of(kind, 'live'), expired: of(kind, 'expired'), revoked: of(kind, 'revoked') },
  ])
  return Object.fromEntries(counts) as Record<TokenKind, TokenCounts>
}

/** Of M2M tokens: no other lives for long. */
function oldestOf(rows: readonly TokenRow[]): Millis | null {
  const oldest = rows.flatMap(({ kind, oldest }) => (kind.startsWith('m2m') && oldest !== null ? oldest : []))
  return oldest.length === 0 ? null : millis(Math.min(...oldest))
}

async function countRows(
  sql: SqlConnection,
  table: 'machines' | 'users' | 'audit_events',
): Promise<ReadonlyMap<string, number>> {
  const count = `select instance_id, count(*) as count from ${table} group by instance_id`
  const rows = await sql.all<{ instance_id: string; count: number }>(count)
  return new Map(rows.map((row) => [row.instance_id, row.count]))
}

const SQLITE_SIZE = `select page_count * page_size as bytes, freelist_count * page_size as reusable
  from pragma_page_count(), pragma_page_size(), pragma_freelist_count()`

const POSTGRES_TABLES = `select relname as name, pg_total_relation_size(oid) as bytes from pg_class
  where relkind = 'r' and relnamespace = (select relnamespace from pg_class where oid = 'm2m_tokens'::regclass)
  order by bytes desc, name limit 10`

async function readSize(sql: SqlConnection): Promise<DatabaseSize> {
  if (sql.dialect === 'sqlite') {
    const { bytes, reusable } = (await sql.get<{ bytes: number; reusable: number }>(SQLITE_SIZE))!
    return { bytes, reusable, tables: [] }
  }
  const size = 'select pg_database_size(current_database()) as bytes'
  const { bytes } = (await sql.get<{ bytes: number }>(size))!
  return { bytes, reusable: null, tables: await sql.all(POSTGRES_TABLES) }
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, each) => all + each, 0)
