import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Call } from '../../packages/server/src/core/caller.ts'
import { millis } from '../../packages/server/src/core/time.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { callersOf, KINDS, type Deps } from './every-kind.ts'

let world: TestAuthority
let callers: { machine: Call<never>; operator: Call }

beforeAll(async () => {
  world = await startAuthority({ acceptUnknownUsers: true })
  callers = await callersOf(world)
})

afterAll(() => world.close())

const at = (time: number): Deps => ({ ...world.authority.deps, clock: { now: () => millis(time) } })

/** Lengths of time from a millisecond to a century. */
const LENGTH = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.integer({ min: 0, max: 3_200_000_000_000 }),
)

describe.each(Object.entries(KINDS))('the life of one %s', (_name, { issue, verify }) => {
  const stateAt = async (time: number, token: string) => {
    const verdict = await verify(at(time), callers.operator, token)
    return verdict.active ? 'active' : verdict.reason
  }

  // Stops a token from being good again because a comparison of dates wraps, rounds or overflows.
  it('never begins again: however much time is added, what is expired stays expired', async () => {
    const times = fc.array(LENGTH, { minLength: 2, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100_000 }),
        fc.nat(999),
        times,
        async (lifetime, offset, lengths) => {
          const issuedAt = world.clock.now() + offset
          const token = await issue(at(issuedAt), callers.machine, lifetime)
          const states: string[] = []
          for (const length of lengths.toSorted((a, b) => a - b))
            states.push(await stateAt(issuedAt + length, token))
          const firstExpired = states.indexOf('expired')
          const expected = states.map((_, index) =>
            firstExpired === -1 || index < firstExpired ? 'active' : 'expired',
          )
          expect(states).toEqual(expected)
        },
      ),
    )
  })

  it('is over at the moment it was to last until, to the millisecond, and not before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 100_000 }), fc.nat(999), async (lifetime, offset) => {
        const issuedAt = world.clock.now() + offset
        const token = await issue(at(issuedAt), callers.machine, lifetime)
        let [good, over] = [issuedAt, issuedAt + 200_000_000]
        expect([await stateAt(good, token), await stateAt(over, token)]).toEqual(['active', 'expired'])
        while (over - good > 1) {
          const middle = Math.floor((good + over) / 2)
          if ((await stateAt(middle, token)) === 'active') good = middle
          else over = middle
        }
        // Dates that the wire tells in whole seconds may come up to a second sooner, never later.
        expect(over).toBeLessThanOrEqual(issuedAt + lifetime * 1000)
        expect(over).toBeGreaterThan(issuedAt + (lifetime - 1) * 1000)
      }),
      { numRuns: 20 },
    )
  })
})
