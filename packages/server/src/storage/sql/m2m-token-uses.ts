/**
 * When M2M tokens were last used: noted in memory as they are verified, written in batches to a narrow
 * table of its own. So a verification never waits for a disk, and a batch touches few pages. A crash
 * loses the notes of the last seconds and nothing else.
 */
import type { M2mTokenId } from '../../core/ids.ts'
import { millis, type Millis } from '../../core/time.ts'
import type { M2mTokenUses } from '../../tokens/m2m-tokens/store.ts'
import type { SqlConnection } from '../sqlite-connection.ts'

export interface BufferedM2mTokenUses extends M2mTokenUses {
  /** Writes what was noted, in batches of a size that holds nobody up; what fails stays noted. */
  flush(write: (batch: Uses) => Promise<void>): Promise<void>
}

type Uses = readonly (readonly [M2mTokenId, Millis])[]

const BATCH = 500

const WRITE = `insert into m2m_token_uses (token_id, last_used_at) values (?, ?)
  on conflict (token_id) do update set last_used_at = max(last_used_at, excluded.last_used_at)`

/** @param read where uses that are already written are looked up */
export function createM2mTokenUses(read: SqlConnection): BufferedM2mTokenUses {
  let noted = new Map<M2mTokenId, Millis>()
  let flushing: Map<M2mTokenId, Millis> | null = null

  async function writeAll(
    uses: ReadonlyMap<M2mTokenId, Millis>,
    write: (batch: Uses) => Promise<void>,
  ): Promise<void> {
    // In the order of the table, so that each page is touched once.
    const ordered = [...uses].sort(([a], [b]) => (a < b ? -1 : 1))
    for (let start = 0; start < ordered.length; start += BATCH) {
      try {
        await write(ordered.slice(start, start + BATCH))
      } catch (error) {
        for (const [id, at] of ordered.slice(start)) if (!noted.has(id)) noted.set(id, at)
        throw error
      }
    }
  }

  return {
    note(id, at) {
      noted.set(id, at)
    },
    async lastUsedAt(ids) {
      const known = ids.map((id) => [id, noted.get(id) ?? flushing?.get(id) ?? stored(read, id)] as const)
      return new Map(known.filter((use): use is [M2mTokenId, Millis] => use[1] !== null))
    },
    async flush(write) {
      if (flushing !== null || noted.size === 0) return
      flushing = noted
      noted = new Map()
      try {
        await writeAll(flushing, write)
      } finally {
        flushing = null
      }
    },
  }
}

function stored(read: SqlConnection, id: M2mTokenId): Millis | null {
  const row = read.get<{ last_used_at: number }>(
    'select last_used_at from m2m_token_uses where token_id = ?',
    id,
  )
  return row === undefined ? null : millis(row.last_used_at)
}

export function writeM2mTokenUses(sql: SqlConnection, uses: Uses): void {
  for (const [id, at] of uses) sql.run(WRITE, id, at)
}
