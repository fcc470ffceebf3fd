/**
 * The partitions of the table of M2M tokens: a month each, by the time in their ids, made ahead and dropped in
 * one step when all of it is over. What lies in no month is in the default partition. It must never make a
 * request wait for long, nor drop a token that could still be valid.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AuthorityError } from '../../core/errors.ts'
import { millis, type Millis } from '../../core/time.ts'
import type { SqlConnection } from '../sql-connection.ts'
import { idAt, M2M_TOKEN_OVER, SWEEP_LOCK } from '../sweep/sweep-store.ts'

export interface Month {
  /** Such as `m2m_tokens_2026_11`. */
  readonly name: string
  /** The first instant in it, and the first after it. */
  readonly from: Millis
  readonly to: Millis
}

export type Outcome =
  | 'made'
  | 'there'
  | 'dropped'
  /** The default partition has tokens of that month, or too many to look through: they stay there. */
  | 'in_default'
  /** Somebody held a lock for longer than it may wait. */
  | 'busy'
  /** This user may not change tables. */
  | 'not_allowed'

/** This month and so many more. */
const AHEAD = 2

/** Whoever waits for a lock has all others wait behind it. */
const TIMEOUTS = `set local lock_timeout = '200ms'; set local statement_timeout = '800ms'`
/** Waiting for another node that is making the same holds nobody up. */
const MAKE_ALONE = `set local lock_timeout = '2s'; select pg_advisory_xact_lock(7304882105)`

const MONTHS_THERE = `select child.relname as name from pg_inherits
  join pg_class as child on child.oid = inhrelid
  where inhparent = 'm2m_tokens'::regclass and child.relname ~ '^m2m_tokens_[0-9]{4}_[0-9]{2}$'
  order by child.relname`

/**
 * Makes this month and those to come, whichever node comes first. Also where others are at it.
 *
 * @param sql one connection, and not a pool of them
 * @throws {AuthorityError} `service_unavailable`
 */
export async function makeMonths(
  sql: SqlConnection,
  now: Millis,
): Promise<Readonly<Record<string, Outcome>>> {
  const there = new Set((await monthsThere(sql)).map(({ name }) => name))
  const outcomes: Record<string, Outcome> = {}
  for (const month of monthsFrom(now)) {
    outcomes[month.name] = there.has(month.name) ? 'there' : await attempt(sql, () => make(sql, month))
  }
  return outcomes
}

async function make(sql: SqlConnection, { name, from, to }: Month): Promise<Outcome> {
  await run(sql, MAKE_ALONE)
  if ((await monthsThere(sql)).some((month) => month.name === name)) return 'there'
  await run(sql, TIMEOUTS)
  // Attached, and not made as a partition at once: that would lock the whole table against reading.
  await run(sql, `create table ${name} (like m2m_tokens including all)`)
  const bounds = `from ('${idAt('m2mTokens', from)}') to ('${idAt('m2mTokens', to)}')`
  await run(sql, `alter table m2m_tokens attach partition ${name} for values ${bounds}`)
  return 'made'
}

/**
 * How long a month that is over is left alone: far longer than a transaction that began in it takes, or than
 * clocks of nodes differ.
 */
const MARGIN_MS = 86_400_000

/**
 * Drops each month of which every token was over by that instant.
 *
 * @param sql one connection, and not a pool of them
 * @returns what came of those that could be dropped
 * @throws {AuthorityError} `service_unavailable`
 */
export async function dropMonths(
  sql: SqlConnection,
  until: Millis,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, Outcome>>> {
  const outcomes: Record<string, Outcome> = {}
  for (const month of (await monthsThere(sql)).filter((each) => isPast(each, until))) {
    const outcome = await dropIfOver(sql, { month, until, signal })
    if (outcome !== null) outcomes[month.name] = outcome
  }
  return outcomes
}

/**
 * Tokens of a month that is not past are not removed one by one: soon all of it goes at once.
 *
 * @returns the id before which they are
 */
export async function idBeforeMonths(sql: SqlConnection, until: Millis): Promise<string> {
  const kept = (await monthsThere(sql)).find((month) => !isPast(month, until))
  return idAt('m2mTokens', millis(Math.min(until, kept?.from ?? until)))
}

const isPast = ({ to }: Month, until: Millis): boolean => to <= until - MARGIN_MS

interface Drop {
  readonly month: Month
  readonly until: Millis
  readonly signal: AbortSignal | undefined
}

/** @returns `null` if not all of it is over */
async function dropIfOver(sql: SqlConnection, { month, until, signal }: Drop): Promise<Outcome | null> {
  try {
    if (!(await isAllOver(sql, month, until, signal))) return null
  } catch (error) {
    return outcomeOf(error)
  }
  return attempt(sql, () => drop(sql, month))
}

async function drop(sql: SqlConnection, { name }: Month): Promise<Outcome> {
  await run(sql, TIMEOUTS)
  const lock = `select pg_try_advisory_xact_lock(${SWEEP_LOCK}) as alone`
  if (!(await sql.get<{ alone: boolean }>(lock))!.alone) return 'busy'
  await run(sql, `alter table m2m_tokens detach partition ${name}`)
  await run(sql, `drop table ${name}`)
  return 'dropped'
}

/** As many rows as are looked at in one statement, and how long the database has to itself between two. */
const LOOK = 10_000
const BETWEEN_LOOKS_MS = 20

/**
 * Looks through it a slice at a time. What is over stays so and no token is issued in the past, so what was
 * found is still true when it is dropped.
 */
async function isAllOver(
  sql: SqlConnection,
  { name }: Month,
  until: Millis,
  signal?: AbortSignal,
): Promise<boolean> {
  const look = `select max(id) as last, count(case when coalesce(${M2M_TOKEN_OVER} <= ?, false) then null else 1 end) as kept
    from (select id, expires_at, revoked_at from ${name} where id > ? order by id limit ${LOOK}) as slice`
  let after = ''
  while (!signal?.aborted) {
    const found = (await sql.get<{ last: string | null; kept: number }>(look, until, after))!
    if (found.kept > 0) return false
    if (found.last === null) return true
    after = found.last
    await sleep(BETWEEN_LOOKS_MS)
  }
  return false
}

async function monthsThere(sql: SqlConnection): Promise<readonly Month[]> {
  const rows = await sql.all<{ name: string }>(MONTHS_THERE)
  return rows.map(({ name }) => monthOf(Number(name.slice(-7, -3)), Number(name.slice(-2)) - 1))
}

function monthsFrom(now: Millis): readonly Month[] {
  const date = new Date(now)
  return Array.from({ length: 1 + AHEAD }, (_, index) =>
    monthOf(date.getUTCFullYear(), date.getUTCMonth() + index),
  )
}

/** @param month from 0, and past 11 for those of later years */
function monthOf(year: number, month: number): Month {
  const from = millis(Date.UTC(year, month))
  const name = new Date(from).toISOString().slice(0, 7).replace('-', '_')
  return { name: `m2m_tokens_${name}`, from, to: millis(Date.UTC(year, month + 1)) }
}

/** In a transaction; nothing of it is left where it could not be done. */
async function attempt(sql: SqlConnection, work: () => Promise<Outcome>): Promise<Outcome> {
  await run(sql, 'begin')
  try {
    const outcome = await work()
    await run(sql, 'commit')
    return outcome
  } catch (error) {
    await run(sql, 'rollback')
    return outcomeOf(error)
  }
}

/** Without a name for the statement: it is run once, and may be several. */
async function run(sql: SqlConnection, text: string): Promise<void> {
  await sql.run(text)
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  '23514': 'in_default',
  '57014': 'in_default',
  '55P03': 'busy',
  '40P01': 'busy',
  '42501': 'not_allowed',
  // Another node has just dropped it.
  '42P01': 'dropped',
}

/** @throws what it is if it is nothing that was to be expected */
function outcomeOf(error: unknown): Outcome {
  const cause = error instanceof AuthorityError ? (error.cause as { code?: unknown } | undefined) : undefined
  const outcome = OUTCOMES[String(cause?.code)]
  if (outcome === undefined) throw error
  return outcome
}
