import { beforeEach, describe, expect, it } from 'vitest'
import { createCursor, type Cursor } from './cursor.ts'
import type { LogEntry } from './log.ts'

const START = { epoch: 'a', position: 10 }
let forgotten: string[]
let cursor: Cursor

beforeEach(() => {
  forgotten = []
  const memory = {
    forget: ({ directory, m2mTokens }: { directory: boolean; m2mTokens: ReadonlySet<string> }) =>
      void forgotten.push(...m2mTokens, ...(directory ? ['directory'] : [])),
    clear: () => void forgotten.push('all'),
  }
  cursor = createCursor(memory, START)
})

const entries = (...list: readonly (readonly [number, string | null])[]): LogEntry[] =>
  list.map(([position, m2mTokenId]) => ({ position, m2mTokenId }))
const page = (position: number, ...list: readonly (readonly [number, string | null])[]) => ({
  head: { epoch: 'a', position },
  entries: entries(...list),
})

describe('a cursor', () => {
  it('has what is written after it forgotten, and is where that ends', () => {
    expect(cursor.advance(page(12, [11, 'mt_a'], [12, null]), START)).toBe(true)
    expect(forgotten).toEqual(['mt_a', 'directory'])
    expect(cursor.at).toEqual({ epoch: 'a', position: 12 })
  })

  it('says if there is more than was read', () => {
    expect(cursor.advance(page(13, [11, 'mt_a']), START)).toBe(false)
    expect(cursor.at.position).toBe(11)
  })

  it('stays where nothing was written', () => {
    expect(cursor.advance(page(10), START)).toBe(true)
    expect([forgotten, cursor.at]).toEqual([[], START])
  })

  // Stops a node from going on with what it had in memory before the database was put back to an older state.
  it.each([
    [
      'of another history',
      { head: { epoch: 'b', position: 12 }, entries: entries([11, 'mt_a'], [12, 'mt_b']) },
    ],
    ['that has become shorter', page(9)],
    ['whose beginning was swept away', page(13, [13, 'mt_a'])],
    ['of which nothing is left', page(13)],
  ])('has all forgotten by a log %s', (_what, read) => {
    expect(cursor.advance(read, START)).toBe(true)
    expect([forgotten, cursor.at]).toEqual([['all'], read.head])
  })

  it('passes by what this node has written itself, if that comes next', () => {
    cursor.committed(12, 2)
    expect(cursor.at.position).toBe(12)
    cursor.committed(15, 1)
    expect(cursor.at.position).toBe(12)
    cursor.advance(page(15, [13, 'mt_a'], [14, 'mt_b'], [15, 'mt_c']), cursor.at)
    expect(forgotten).toEqual(['mt_a', 'mt_b', 'mt_c'])
  })

  it('does not go back for a page that was asked for before this node wrote', () => {
    const from = cursor.at
    cursor.committed(12, 2)
    expect(cursor.advance(page(10), from)).toBe(true)
    expect(cursor.advance(page(11, [11, 'mt_a']), from)).toBe(true)
    expect([forgotten, cursor.at.position]).toEqual([['mt_a'], 12])
  })
})
