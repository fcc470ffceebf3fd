import { describe, expect, it } from 'vitest'
import { createTurns } from './turns.ts'

describe('work that takes turns', () => {
  it('runs one after the other for a name, whether it succeeds or fails', async () => {
    const inTurn = createTurns(10)
    const seen: string[] = []
    const work =
      (name: string, fails = false) =>
      async () => {
        seen.push(`${name} begins`)
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(`${name} ends`)
        if (fails) throw new Error(name)
        return name
      }
    const results = await Promise.allSettled([
      inTurn('a', work('1')),
      inTurn('a', work('2', true)),
      inTurn('a', work('3')),
    ])
    expect(results.map(({ status }) => status)).toStrictEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(seen).toStrictEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends'])
  })

  it('does not make one name wait for another', async () => {
    const inTurn = createTurns(10)
    void inTurn('a', () => new Promise(() => {}))
    expect(await inTurn('b', async () => 'b')).toBe('b')
  })

  // Stops a flood of requests for new keys from holding everybody up for minutes.
  it('turns away who comes after the most that may wait, and nobody once they are done', async () => {
    const inTurn = createTurns(2)
    const work = async () => 'done'
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => inTurn('a', work)))
    expect(all.map(({ status }) => status)).toStrictEqual([
      ...Array<string>(3).fill('fulfilled'),
      ...Array<string>(2).fill('rejected'),
    ])
    expect(all.at(-1)).toMatchObject({ reason: { code: 'too_many_requests' } })
    expect(await inTurn('a', work)).toBe('done')
  })
})
