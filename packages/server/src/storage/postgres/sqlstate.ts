import { AuthorityError } from '../../core/errors.ts'

/** What an error of PostgreSQL means for the one who asked (https://www.postgresql.org/docs/current/errcodes-appendix.html). */

export type Fault =
  /** The connection is gone, or the server is about to be: another one may do. */
  | 'lost'
  /** This server takes no writes: it was the primary, or is a standby. */
  | 'read_only'
  /** It conflicted with another transaction and was rolled back: it may be tried again. */
  | 'conflict'
  /** Anything else; trying again does not help. */
  | 'other'

/** Serialization failure, deadlock, and a unique value that another transaction has just taken. */
const CONFLICTS = new Set(['40001', '40P01', '23505'])

/**
 * Of a connection that knows a statement by what it was before: a migration has changed its table, or a pooler
 * has put another session behind it.
 */
const STALE = new Set(['0A000', '26000'])

/** Shutdown by hand, after a crash, and still starting; standby that ended a query. */
const GOING_AWAY = new Set(['57P01', '57P02', '57P03', '57P05', '25P03'])

/** @param error of the driver, or ours that has one of the driver as its cause */
export function faultOf(error: unknown): Fault {
  if (error instanceof AuthorityError) {
    return error.code === 'service_unavailable' && error.cause !== undefined ? faultOf(error.cause) : 'other'
  }
  const { code } = (error ?? {}) as { code?: unknown }
  // Without a code it is not an answer of the server, but of the network or of the driver.
  if (!isSqlState(code) || code.startsWith('08') || GOING_AWAY.has(code) || STALE.has(code)) return 'lost'
  if (code === '25006') return 'read_only'
  return CONFLICTS.has(code) ? 'conflict' : 'other'
}

/** There is no such function, or it is for others: another engine than PostgreSQL, or one that somebody else runs. */
export function isMissing(error: unknown): boolean {
  const { code } = ((error instanceof AuthorityError ? error.cause : error) ?? {}) as { code?: unknown }
  return code === '42883' || code === '42501'
}

/** Five digits or capital letters. No class begins with E, as the codes of the network do. */
const isSqlState = (code: unknown): code is string =>
  typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code)
