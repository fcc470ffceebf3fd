/** Follows the revocation log of the database, woken by it where it can. */
import { createCursor, type Cursor } from '../../revocation/cursor.ts'
import { createFollower, type Follower } from '../../revocation/follower.ts'
import type { Forgetful } from '../../revocation/log.ts'
import type { SqlConnection } from '../sql-connection.ts'
import { readLog, toLogPage, type LogRow } from '../sql/revocation-log.ts'
import type { ConnectOptions } from './connect.ts'
import { createSql, type Statement } from './connection.ts'
import { listen } from './listen.ts'
import { createPipelinedReader } from './reader.ts'
import { isMissing } from './sqlstate.ts'

export interface FollowOptions {
  readonly data: ConnectOptions
  /** The same without a pooler; `null` to be woken by nobody. */
  readonly listenOn: ConnectOptions | null
  readonly leaseMs: number
  /** How far this machine's clock and the database's may be apart, in milliseconds. */
  readonly clockSkewMs: number
  readonly memory: Forgetful
  readonly toStatement: (sql: string) => Statement
  /** Called when the log can no longer be read, and with `null` when it can again. */
  readonly onTrouble: (error: unknown) => void
}

export interface Following {
  readonly cursor: Cursor
  readonly follower: Follower
  close(): Promise<void>
}

/** How often the log is read without being woken: rarely if it is, often if it is not. */
const POLLS_PER_LEASE = { listening: 3, polling: 8 }
/** Who needs the log read before an answer does not wait longer. */
const LOG_TIMEOUT_MS = 1_500

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** Whose clock is wrong takes what has expired for good, so he must not answer. It ends when the clock is right. */
function requireSameTime(now: number, before: number, longest: number): void {
  const skew = Math.max(before - now, now - Date.now(), 0)
  if (skew > longest) throw new Error(`This node's clock and the database's are ${skew} ms apart.`)
}

/** Fulfilled when the log was read once. */
export async function followLog(options: FollowOptions): Promise<Following> {
  const { data, listenOn, leaseMs, memory, toStatement, onTrouble } = options
  // Its own connection, so that a large answer to somebody else does not make the memory look old.
  const connection = createPipelinedReader({ ...data, queryTimeoutMs: LOG_TIMEOUT_MS })
  try {
    const sql = createSql(toStatement, connection)
    const [epoch, standby] = await whereaboutsOf(sql)
    const read = readLog(epoch, NOW, standby)
    const readOnce = async (position: number) => {
      const before = Date.now()
      const rows = await sql.all<LogRow>(read, position)
      if (rows[0]!.standby === true) throw new Error('This server only follows another.')
      requireSameTime(rows[0]!.now, before, options.clockSkewMs)
      return toLogPage(rows)
    }
    let isInTrouble = false
    const readAfter = async (position: number) => {
      try {
        const page = await readOnce(position)
        if (isInTrouble) onTrouble(null)
        isInTrouble = false
        return page
      } catch (error) {
        if (!isInTrouble) onTrouble(error)
        isInTrouble = true
        throw error
      }
    }
    const cursor = createCursor(memory, (await readAfter(Number.MAX_SAFE_INTEGER)).head)
    const polls = listenOn === null ? POLLS_PER_LEASE.polling : POLLS_PER_LEASE.listening
    const follower = createFollower({ cursor, readAfter, leaseMs, pollMs: leaseMs / polls })
    await follower.refresh()
    follower.start()
    const listener = listenOn === null ? null : listen(listenOn, follower.wake)
    return {
      cursor,
      follower,
      async close() {
        follower.stop()
        await Promise.all([listener?.close(), connection.close()])
      },
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/**
 * A server that took over from another may not have all that the other had acknowledged, and goes on where it
 * was: the same positions then stand for something else. It has another timeline, so that counts too. A standby
 * has none of its own, nor may it be believed.
 *
 * @returns expressions for the epoch and for whether it is a standby; plain ones where there is no such thing
 */
async function whereaboutsOf(sql: SqlConnection): Promise<readonly [epoch: string, standby: string]> {
  const standby = 'pg_is_in_recovery()'
  const timeline = `head.epoch || '.' || case when ${standby} then 'standby'
    else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end`
  try {
    await sql.get(`select ${timeline} from revocation_head as head`)
    return [timeline, standby]
  } catch (error) {
    if (!isMissing(error)) throw error
    return ['head.epoch', 'false']
  }
}
