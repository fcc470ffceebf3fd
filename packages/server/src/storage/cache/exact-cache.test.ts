import { describe, expect, it } from 'vitest'
import { createExactCache as createCache } from './exact-cache.ts'

const missing = () => null

/** A cache whose names belong to nobody in particular. */
function createExactCache<Value>(limit: number) {
  const cache = createCache<Value>(limit)
  const through = async (key: string, read: () => Value | null | Promise<Value | null>, owner = '') =>
    await cache.through({ key, owner, isMeant: () => true, read: async () => read() })
  return { ...cache, through }
}
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`)

describe('an exact cache', () => {
  it('reads once what it is asked for twice', async () => {
    const cache = createExactCache<string>(10)
    let reads = 0
    const read = () => `value ${++reads}`
    expect([await cache.through('a', read), await cache.through('a', read)]).toEqual(['value 1', 'value 1'])
  })

  it('reads again what was evicted, and only that', async () => {
    const cache = createExactCache<string>(10)
    for (const name of ['a', 'b']) await cache.through(name, () => 'old')
    cache.evict('a')
    cache.evict('never there')
    expect(await cache.through('a', () => 'new')).toBe('new')
    expect(await cache.through('b', () => 'new')).toBe('old')
  })

  // Stops a revoked token from coming back out of the older generation.
  it('has evicted a name wherever it was kept', async () => {
    for (let fill = 0; fill < 20; fill++) {
      const cache = createExactCache<string>(10)
      await cache.through('a', () => 'old')
      for (const name of names(fill)) await cache.through(name, () => name)
      await cache.through('a', missing)
      cache.evict('a')
      expect(await cache.through('a', () => 'new')).toBe('new')
    }
  })

  it('knows nothing once it is cleared', async () => {
    const cache = createExactCache<string>(4)
    for (const name of names(4)) await cache.through(name, () => name)
    cache.clear()
    expect(await Promise.all(names(4).map((name) => cache.through(name, missing)))).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  // Stops names that do not exist from pushing out those that do.
  it('does not keep that something is missing', async () => {
    const cache = createExactCache<string>(4)
    for (const name of ['a', 'b']) await cache.through(name, () => name)
    for (const name of names(1_000)) await cache.through(name, missing)
    expect(await cache.through('a', missing)).toBe('a')
    expect(await cache.through('n1', () => 'made since')).toBe('made since')
  })

  it('keeps nothing of a read that failed', async () => {
    const cache = createExactCache<string>(10)
    const failing = () => {
      throw new Error('no answer')
    }
    await expect(cache.through('a', failing)).rejects.toThrow('no answer')
    expect(await cache.through('a', () => 'a')).toBe('a')
  })

  it('has one read for all who ask at once, and one for each owner', async () => {
    const cache = createExactCache<string>(10)
    let reads = 0
    const read = () => `value ${++reads}`
    const asked = [cache.through('a', read), cache.through('a', read), cache.through('a', read, 'another')]
    expect(await Promise.all(asked)).toEqual(['value 1', 'value 1', 'value 2'])
  })

  // Stops a read that was begun before a revocation from putting back what was before it.
  it.each(['evict', 'clear'] as const)('does not keep what was being read during %s', async (change) => {
    const cache = createExactCache<string>(10)
    const slow = Promise.withResolvers<string>()
    const before = cache.through('a', () => slow.promise)
    cache[change]('a')
    const after = cache.through('a', () => 'new')
    slow.resolve('old')
    expect([await before, await after]).toEqual(['old', 'new'])
    expect(await cache.through('a', missing)).toBe('new')
  })
})
