/** A map that forgets what was not asked for lately, so that it never holds more than its limit. */
export interface BoundedMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  clear(): void
}

/**
 * Two generations: when the younger one is full, it becomes the older one, and what was in that is
 * dropped unless it was asked for meanwhile. Cheaper per look-up than a list of recent use.
 */
export function createBoundedMap<Value>(limit: number): BoundedMap<Value> {
  const half = Math.floor(limit / 2)
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  function set(key: string, value: Value): void {
    if (half === 0) return
    if (young.size >= half && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }

  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
    clear() {
      young.clear()
      old.clear()
    },
  }
}
