import { describe, expect, it } from 'vitest'
import { createBoundedMap } from './bounded-map.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`)

function filled(limit: number, count: number) {
  const map = createBoundedMap<string>(limit)
  for (const name of names(count)) map.set(name, name)
  return map
}

/** How many names a map of this limit still has once that many were set: each is looked for in a map of its own. */
const keptOf = (limit: number, count: number): number =>
  names(count).filter((name) => filled(limit, count).get(name) !== undefined).length

describe('a bounded map', () => {
  // Stops many tokens from filling the memory.
  it.each([0, 1, 2, 3, 10, 11, 100])('of %i never holds more', (limit) => {
    const counts = [limit, limit + 1, limit * 2 + 1, 150].map((count) => keptOf(limit, count))
    expect(Math.max(...counts)).toBeLessThanOrEqual(limit)
  })

  it.each([2, 10, 100])('of %i holds the newest half at least', (limit) => {
    const map = filled(limit, 150)
    for (const name of names(150).slice(-limit / 2)) expect(map.get(name)).toBe(name)
  })

  it('keeps what is asked for again and again, however many others come', () => {
    const map = filled(10, 1)
    for (const name of names(1_000)) {
      map.set(name, name)
      expect(map.get('n0')).toBe('n0')
    }
  })

  it('gives the newest value of a name', () => {
    const map = createBoundedMap<string>(4)
    for (const value of names(50)) {
      map.set('a', value)
      map.set(value, value)
      expect(map.get('a')).toBe(value)
    }
  })

  // Stops a revoked token from coming back out of the older generation.
  it('has deleted a name wherever it was kept', () => {
    for (let fill = 0; fill < 20; fill++) {
      const map = createBoundedMap<string>(10)
      map.set('a', 'old')
      for (const name of names(fill)) map.set(name, name)
      map.get('a')
      map.delete('a')
      expect(map.get('a')).toBeUndefined()
    }
  })

  it('has nothing once it is cleared', () => {
    const map = filled(10, 20)
    map.clear()
    expect(names(20).map((name) => map.get(name))).toEqual(Array(20).fill(undefined))
  })
})
