/**
 * A connection for reads, on which each is sent without waiting for the one before. It is made when it is
 * needed, and made anew when it was lost. A read changes nothing, so one that was lost is asked once more.
 */
import type pg from 'pg'
import { AuthorityError } from '../../core/errors.ts'
import { connectClient, type ConnectOptions } from './connect.ts'
import type { Queryable } from './connection.ts'
import { faultOf } from './sqlstate.ts'

export interface PipelinedReader extends Queryable {
  close(): Promise<void>
}

export function createPipelinedReader(options: ConnectOptions): PipelinedReader {
  let connected: Promise<pg.Client> | null = null

  function client(): Promise<pg.Client> {
    if (connected === null) {
      const connecting = connectClient(options)
      const forget = () => {
        if (connected === connecting) connected = null
      }
      connecting.then((made) => made.once('end', forget).once('error', forget), forget)
      connected = connecting
    }
    return connected
  }

  async function ask(config: pg.QueryConfig): Promise<pg.QueryResult> {
    const asked = client()
    try {
      return await (await asked).query(config)
    } catch (error) {
      if (faultOf(error) === 'lost' && connected === asked) {
        connected = null
        void asked.then((lost) => lost.end()).catch(() => {})
      }
      throw error
    }
  }

  return {
    async query(config) {
      try {
        return await ask(config as pg.QueryConfig)
      } catch (error) {
        if (faultOf(error) !== 'lost' || isTimeout(error)) throw error
        return ask(config as pg.QueryConfig)
      }
    },
    async close() {
      await connected?.then((open) => open.end()).catch(() => {})
    },
  }
}

/** Whoever has waited that long is told; a second time would be too long. */
const isTimeout = (error: unknown): boolean => /timeout/i.test((error as Error).message)

/** As many slow reads as are under way at once; others wait. */
const MOST_AT_ONCE = 4
/** Past this many waiting, more are turned away: a caller that waits longer has given up. */
const MOST_WAITING = 200

/** Lets a few reads through at a time, so that many slow ones cannot take the whole database. */
export function createSlowReader(options: ConnectOptions): PipelinedReader {
  const readers = createReadConnections(options, MOST_AT_ONCE)
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async query(config) {
      if (running < MOST_AT_ONCE) running++
      else if (waiting.length >= MOST_WAITING)
        throw new AuthorityError('too_many_requests', { retryAfter: 1 })
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await readers.query(config)
      } finally {
        const next = waiting.shift()
        if (next === undefined) running--
        else next()
      }
    },
    close: readers.close,
  }
}

/** Several, in turn: each is one process of the database. */
export function createReadConnections(options: ConnectOptions, count: number): PipelinedReader {
  const readers = Array.from({ length: count }, () => createPipelinedReader(options))
  let turn = 0
  return {
    query: (config) => readers[(turn = (turn + 1) % count)]!.query(config),
    async close() {
      await Promise.all(readers.map((reader) => reader.close()))
    },
  }
}
