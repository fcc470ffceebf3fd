/**
 * A bounded cache in front of reads that is never stale: what this process commits evicts before the
 * commit is acknowledged, and what another process commits empties it (`storage/sqlite.ts`). It holds
 * records, not verdicts: whether a token is active is decided anew each time.
 */
import { createBoundedMap } from '../core/secrets/bounded-map.ts'

export interface ExactCache<Value> {
  /**
   * What is known, if it is what is meant, else what `read` finds. Only finds are kept: nothing can fill
   * it with names that do not exist.
   */
  through(key: string, read: () => Value | null, isMeant?: (kept: Value) => boolean): Value | null
  evict(key: string): void
  clear(): void
}

export function createExactCache<Value>(limit: number): ExactCache<Value> {
  const known = createBoundedMap<Value>(limit)
  return {
    // `read` is synchronous on purpose: between it and `set` no commit can come.
    through(key, read, isMeant) {
      const kept = known.get(key)
      if (kept !== undefined && (isMeant === undefined || isMeant(kept))) return kept
      const value = read()
      if (value !== null) known.set(key, value)
      return value
    },
    evict: known.delete,
    clear: known.clear,
  }
}
