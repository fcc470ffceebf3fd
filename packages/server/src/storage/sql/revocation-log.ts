import type { LogPage } from '../../revocation/log.ts'
import type { ChangeSet } from '../cache/changes.ts'

/** As many entries as are read at once. */
const LOG_PAGE = 500

/**
 * In one statement, so that the head and the entries are of one moment.
 *
 * @param epoch an expression for what tells one history of the log from another
 * @param now one for the database's own time in milliseconds, where it has one
 * @param standby one for whether the server only follows another, and so may be behind
 */
export const readLog = (epoch = 'head.epoch', now = '0', standby = 'false') =>
  `select ${epoch} as epoch, head.position as head, log.position, log.m2m_token_id, ${now} as now, ${standby} as standby
  from revocation_head as head left join revocation_log as log on log.position > ?
  where head.id = 1 order by log.position limit ${LOG_PAGE}`

export interface LogRow {
  readonly epoch: string
  readonly head: number
  readonly position: number | null
  readonly m2m_token_id: string | null
  readonly now: number
  readonly standby: unknown
}

export function toLogPage(rows: readonly LogRow[]): LogPage {
  const { epoch, head } = rows[0]!
  return {
    head: { epoch, position: head },
    entries: rows.flatMap(({ position, m2m_token_id }) =>
      position === null ? [] : { position, m2mTokenId: m2m_token_id },
    ),
  }
}

export const READ_HEAD = 'select epoch, position from revocation_head where id = 1'

/** One entry for each token, and one for the whole directory. */
export const entriesOf = ({ directory, m2mTokens }: ChangeSet): readonly (string | null)[] =>
  directory ? [...m2mTokens, null] : [...m2mTokens]
