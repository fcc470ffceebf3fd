/**
 * When M2M tokens were last used: noted in memory as they are verified, written in batches to a narrow
 * table of its own. So a verification never waits for a disk, and a batch touches few pages. A crash
 * loses the notes of the last seconds and nothing else.
 */
import type { M2mTokenId } from '../../../core/ids.ts'
import { millis, type Millis } from '../../../core/time.ts'
import type { M2mTokenUses } from '../../../tokens/m2m-tokens/store.ts'
import type { SqlConnection } from '../../sql-connection.ts'

export interface M2mTokenUseStore {
  /** Keeps the newest use of each. */
  write(uses: Uses): Promise<void>
}

export interface BufferedM2mTokenUses extends M2mTokenUses {
  /** Writes what was noted, in batches of a size that holds nobody up; what fails stays noted. */
  flush(write: (batch: Uses) => Promise<void>): Promise<void>
}

/** Which token was used when. */
export type Uses = readonly (readonly [M2mTokenId, Millis])[]

/** As many as one statement writes, and one transaction: more would hold requests up. */
const BATCH = 250

/** Past this many, tokens that were not noted yet are not noted: a store that cannot write must not fill memory. */
const MOST_NOTED = 1_000_000

const upsert = (rows: number) => `insert into m2m_token_uses (token_id, last_used_at)
  values ${Array.from({ length: rows }, () => '(?, ?)').join(', ')}
  on conflict (token_id) do update set last_used_at = excluded.last_used_at
  where m2m_token_uses.last_used_at < excluded.last_used_at`

const UPSERT_BATCH = upsert(BATCH)
const UPSERT_ONE = upsert(1)

/** @param read where uses that are already written are looked up */
export function createM2mTokenUses(read: SqlConnection): BufferedM2mTokenUses {
  let noted = new Map<M2mTokenId, Millis>()
  let flushing: Map<M2mTokenId, Millis> | null = null
  let running: Promise<void> | null = null

  async function writeAll(uses: Uses, write: (batch: Uses) => Promise<void>): Promise<void> {
    for (let start = 0; start < uses.length; start += BATCH) {
      try {
        // In the order of the table, so that a page is touched once.
        await write(uses.slice(start, start + BATCH))
      } catch (error) {
        for (const [id, at] of uses.slice(start)) if (!noted.has(id)) noted.set(id, at)
        throw error
      }
    }
  }

  return {
    note(id, at) {
      const before = noted.get(id)
      if (before === undefined ? noted.size < MOST_NOTED : before < at) noted.set(id, at)
    },
    async lastUsedAt(ids) {
      const inMemory = new Map(ids.map((id) => [id, newest(noted.get(id), flushing?.get(id))]))
      const written = await stored(
        read,
        ids.filter((id) => inMemory.get(id) === undefined),
      )
      const known = ids.map((id) => [id, inMemory.get(id) ?? written.get(id)] as const)
      return new Map(known.filter((use): use is [M2mTokenId, Millis] => use[1] !== undefined))
    },
    async flush(write) {
      // One at a time: who closes the store waits for the one under way, and then writes what came meanwhile.
      while (running !== null) await running.catch(() => {})
      if (noted.size === 0) return
      const taken = noted
      noted = new Map()
      flushing = taken
      running = writeAll(
        [...taken].sort(([a], [b]) => (a < b ? -1 : 1)),
        write,
      ).finally(() => {
        flushing = null
        running = null
      })
      await running
    },
  }
}

const newest = (a: Millis | undefined, b: Millis | undefined): Millis | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

async function stored(
  { query }: SqlConnection,
  ids: readonly M2mTokenId[],
): Promise<ReadonlyMap<string, Millis>> {
  if (ids.length === 0) return new Map()
  const rows = await query.selectFrom('m2m_token_uses').selectAll().where('token_id', 'in', ids).execute()
  return new Map(rows.map(({ token_id, last_used_at }) => [token_id, millis(last_used_at)]))
}

async function writeUses(sql: SqlConnection, uses: Uses): Promise<void> {
  if (uses.length === BATCH) await sql.run(UPSERT_BATCH, ...uses.flat())
  else for (const use of uses) await sql.run(UPSERT_ONE, ...use)
}

export const m2mTokenUseStore = (sql: SqlConnection): M2mTokenUseStore => ({
  write: (uses) => writeUses(sql, uses),
})
