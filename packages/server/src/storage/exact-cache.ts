/**
 * A bounded cache in front of reads that is never stale: what this process commits evicts before the
 * commit is acknowledged, and what another process commits empties it (`storage/sqlite.ts`). It holds
 * records, not verdicts: whether a token is active is decided anew each time.
 */
export interface ExactCache<Value> {
  /** What is known, else what `read` finds. Only finds are kept: nothing can fill it with names that do not exist. */
  through(key: string, read: () => Value | null): Value | null
  evict(key: string): void
  clear(): void
}

/**
 * Two generations: what was not asked for while the younger one filled up is dropped with the older.
 * Cheaper per look-up than a list of recent use, and bounded as strictly.
 */
export function createExactCache<Value>(limit: number): ExactCache<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  function keep(key: string, value: Value): void {
    if (young.size >= limit / 2) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }

  return {
    // `read` is synchronous on purpose: between it and `keep` no commit can come.
    through(key, read) {
      const known = young.get(key)
      if (known !== undefined) return known
      const value = old.get(key) ?? read()
      if (value !== null) keep(key, value)
      return value
    },
    evict(key) {
      young.delete(key)
      old.delete(key)
    },
    clear() {
      young.clear()
      old.clear()
    },
  }
}
