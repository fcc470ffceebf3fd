import { describe, expect, it } from 'vitest'
import { createExactCache } from './exact-cache.ts'

const missing = () => null
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`)

describe('an exact cache', () => {
  it('reads once what it is asked for twice', () => {
    const cache = createExactCache<string>(10)
    let reads = 0
    const read = () => `value ${++reads}`
    expect([cache.through('a', read), cache.through('a', read)]).toEqual(['value 1', 'value 1'])
  })

  it('reads again what was evicted, and only that', () => {
    const cache = createExactCache<string>(10)
    for (const name of ['a', 'b']) cache.through(name, () => 'old')
    cache.evict('a')
    cache.evict('never there')
    expect(cache.through('a', () => 'new')).toBe('new')
    expect(cache.through('b', () => 'new')).toBe('old')
  })

  // Stops a revoked token from coming back out of the older generation.
  it('has evicted a name wherever it was kept', () => {
    for (let fill = 0; fill < 20; fill++) {
      const cache = createExactCache<string>(10)
      cache.through('a', () => 'old')
      for (const name of names(fill)) cache.through(name, () => name)
      cache.through('a', missing)
      cache.evict('a')
      expect(cache.through('a', () => 'new')).toBe('new')
    }
  })

  it('knows nothing once it is cleared', () => {
    const cache = createExactCache<string>(4)
    for (const name of names(4)) cache.through(name, () => name)
    cache.clear()
    expect(names(4).map((name) => cache.through(name, missing))).toEqual([null, null, null, null])
  })

  // Stops names that do not exist from pushing out those that do.
  it('does not keep that something is missing', () => {
    const cache = createExactCache<string>(4)
    for (const name of ['a', 'b']) cache.through(name, () => name)
    for (const name of names(1_000)) cache.through(name, missing)
    expect(cache.through('a', missing)).toBe('a')
    expect(cache.through('n1', () => 'made since')).toBe('made since')
  })

  it('keeps nothing of a read that failed', () => {
    const cache = createExactCache<string>(10)
    const failing = () => {
      throw new Error('no answer')
    }
    expect(() => cache.through('a', failing)).toThrow('no answer')
    expect(cache.through('a', () => 'a')).toBe('a')
  })
})
