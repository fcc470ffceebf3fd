/**
 * A commit that waits for a standby goes on waiting on the server when nobody waits for its answer any more, and
 * has a connection for as long. So a node that sent others all the same would fill the server up. It sends no more
 * than its pool has, until the server says that those are over.
 */
import type pg from 'pg'
import { unavailable } from '../../core/errors.ts'
import type { Queryable } from './connection.ts'

export interface StuckCommits {
  add(client: pg.PoolClient): void
  /** @throws {AuthorityError} `service_unavailable` if there are as many as the pool has connections */
  requireRoom(): void
  stop(): void
}

const LOOK_EVERY_MS = 1_000

const STILL_THERE = 'select pid from pg_stat_activity where pid = any($1)'

/** @param reader where the server is asked which of them are still there */
export function createStuckCommits(reader: Queryable, most: number): StuckCommits {
  let pids = new Set<number>()
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    const asked = [...pids]
    try {
      const { rows } = await reader.query({ text: STILL_THERE, values: [asked] })
      const left = new Set((rows as readonly { pid: number }[]).map(({ pid }) => pid))
      pids = new Set([...pids].filter((pid) => left.has(pid) || !asked.includes(pid)))
    } catch {
      // It is asked again.
    }
    timer = pids.size > 0 ? setTimeout(() => void look(), LOOK_EVERY_MS).unref() : undefined
  }

  return {
    add(client) {
      const { processID } = client as unknown as { processID?: number | null }
      if (processID) pids.add(processID)
      timer ??= setTimeout(() => void look(), LOOK_EVERY_MS).unref()
    },
    requireRoom() {
      if (pids.size < most) return
      throw unavailable(new Error(`${pids.size} commits still wait on the server, for a standby it seems.`))
    },
    stop: () => clearTimeout(timer),
  }
}
