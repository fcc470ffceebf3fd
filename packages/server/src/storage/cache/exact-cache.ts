/**
 * A bounded cache in front of reads, which forgets what is changed: by this process before the change is
 * acknowledged, by others as soon as this one has read of it (`revocation/`). It holds records, not
 * verdicts: whether a token is active is decided anew each time.
 */
import { createBoundedMap } from '../../core/bounded-map.ts'

export interface Wanted<Value> {
  readonly key: string
  /** Of whom: what one instance has in memory is answered no sooner to another than what nobody has. */
  readonly owner: string
  readonly isMeant: (kept: Value) => boolean
  readonly read: () => Promise<Value | null>
}

export interface ExactCache<Value> {
  /**
   * What is known, if it is what is meant, else what `read` finds. Only finds are kept: nothing can fill
   * it with names that do not exist. Those who ask at once share one read.
   */
  through(wanted: Wanted<Value>): Value | Promise<Value | null>
  evict(key: string): void
  clear(): void
}

export function createExactCache<Value>(limit: number): ExactCache<Value> {
  const known = createBoundedMap<Value>(limit)
  let reading = new Map<string, Promise<Value | null>>()

  /**
   * A read that was begun before a change may return what was before it. So a change makes this forget which
   * reads are under way: nobody joins them any more, and what they find is not kept.
   */
  function forgetReads(): void {
    if (reading.size > 0) reading = new Map()
  }

  async function fill(key: string, name: string, read: () => Promise<Value | null>): Promise<Value | null> {
    const begunIn = reading
    try {
      const value = await read()
      if (value !== null && begunIn === reading) known.set(key, value)
      return value
    } finally {
      begunIn.delete(name)
    }
  }

  return {
    through({ key, owner, isMeant, read }) {
      const kept = known.get(key)
      if (kept !== undefined && isMeant(kept)) return kept
      const name = `${owner} ${key}`
      const underWay = reading.get(name)
      if (underWay !== undefined) return underWay
      const filling = fill(key, name, read)
      reading.set(name, filling)
      return filling
    },
    evict(key) {
      known.delete(key)
      forgetReads()
    },
    clear() {
      known.clear()
      forgetReads()
    },
  }
}
