import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ANSWERS_KEPT } from '../../core/idempotent-answers.ts'
import { millis, type Millis } from '../../core/time.ts'
import type { Slice } from './sweep-store.ts'
import { startSweeper, type Sweeper, type SweeperOptions } from './sweeper.ts'

const NOW = Date.UTC(2026, 0, 15, 12)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A store with so many answers that are over and so many M2M tokens; it notes what it is asked for. */
function storeWith({ answers = 0, tokens = 0 }) {
  const store = {
    answers: [] as Millis[],
    slices: [] as Slice[],
    at: [] as number[],
    fail: false,
    alone: true,
    transaction: (async (work: (stores: object) => Promise<unknown>) => {
      if (store.fail) throw new Error('a full disk')
      return work({
        idempotentAnswers: {
          async sweep(until: Millis, limit: number) {
            store.answers.push(until)
            const swept = Math.min(answers, limit)
            answers -= swept
            return swept
          },
        },
        sweeping: {
          alone: async () => store.alone,
          revocationLog: async () => 0,
          async slice(slice: Slice) {
            store.slices.push(slice)
            store.at.push(Date.now())
            const next = Number(slice.after) + slice.limit
            return slice.kind === 'm2mTokens' && next < tokens ? String(next) : null
          },
        },
      })
    }) as SweeperOptions['transaction'],
  }
  return store
}

let sweeper: Sweeper
const start = (store: ReturnType<typeof storeWith>, tokenRetention = 30) =>
  (sweeper = startSweeper({ transaction: store.transaction, tokenRetention }))

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
})
afterEach(async () => {
  await sweeper.stop()
  vi.useRealTimers()
})

describe('sweeping remembered answers', () => {
  it('is done once a minute, for what is older than a day', async () => {
    const store = storeWith({})
    start(store)
    await vi.advanceTimersByTimeAsync(MINUTE_MS - 1)
    expect(store.answers).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(store.answers).toEqual([NOW + MINUTE_MS - ANSWERS_KEPT * 1000])
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(store.answers).toHaveLength(2)
  })

  it('goes on in batches of a thousand until nothing is left', async () => {
    const store = storeWith({ answers: 2_000 })
    await start(store).sweep(millis(NOW))
    expect(store.answers).toHaveLength(3)
  })

  it('goes on after a store that failed', async () => {
    const store = storeWith({})
    store.fail = true
    start(store)
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(store.answers).toEqual([])
    store.fail = false
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(store.answers).toHaveLength(1)
  })

  it('ends when it is stopped, between two batches too', async () => {
    const store = storeWith({ answers: 5_000 })
    const sweeping = start(store).sweep(millis(NOW))
    await sweeper.stop()
    await sweeping
    expect(store.answers).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS)
    expect(store.answers).toHaveLength(1)
  })
})

describe('sweeping tokens', () => {
  it('is begun after a minute or two, and again an hour after its end', async () => {
    const store = storeWith({})
    start(store)
    await vi.advanceTimersByTimeAsync(MINUTE_MS - 1)
    expect(store.slices).toEqual([])
    await vi.advanceTimersByTimeAsync(MINUTE_MS + 5_000)
    expect(store.slices.map(({ kind }) => kind)).toEqual([
      'm2mTokenUses',
      'm2mTokens',
      'actorTokens',
      'signInTokens',
      'testingTokens',
      'sessions',
      'browsers',
    ])
    await vi.advanceTimersByTimeAsync(HOUR_MS - 2 * MINUTE_MS)
    expect(store.slices).toHaveLength(7)
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS)
    expect(store.slices).toHaveLength(14)
  })

  it('looks at what was made before the time of keeping, and removes what was over by then', async () => {
    const store = storeWith({})
    await start(store, 2).sweep(millis(NOW))
    const time = (NOW - 2 * DAY_MS).toString(16).padStart(12, '0')
    expect(store.slices.map(({ until }) => until)).toEqual(store.slices.map(() => NOW - 2 * DAY_MS))
    expect(store.slices.map(({ before }) => before)).toEqual([
      `mt_${time}`,
      `mt_${time}`,
      expect.stringMatching(/^act_0[0-9A-Za-z]{26}$/),
      expect.stringMatching(/^sit_0[0-9A-Za-z]{26}$/),
      `tt_${time}`,
      expect.stringMatching(/^sess_0[0-9A-Za-z]{26}$/),
      `client_${time}`,
    ])
  })

  it('never looks at more than 200 at once, pauses between, and has done a million within an hour', async () => {
    const store = storeWith({ tokens: 1_000_000 })
    start(store)
    await vi.advanceTimersByTimeAsync(HOUR_MS)
    const walked = store.slices.filter(({ kind }) => kind === 'm2mTokens')
    expect(walked).toHaveLength(5_000)
    expect(Math.max(...store.slices.map(({ limit }) => limit))).toBe(200)
    const pauses = store.at.slice(1).map((at, index) => at - store.at[index]!)
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(50)
  })

  it('goes on where it was after a store that failed', async () => {
    const store = storeWith({ tokens: 4_000 })
    start(store)
    while (store.slices.length < 5) await vi.advanceTimersByTimeAsync(25)
    store.fail = true
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS)
    expect(store.slices).toHaveLength(5)
    store.fail = false
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS)
    const afters = store.slices.filter(({ kind }) => kind === 'm2mTokens').map(({ after }) => Number(after))
    expect(afters).toEqual(Array.from({ length: 20 }, (_, index) => index * 200))
  })

  it('leaves it to the one that is at it', async () => {
    const store = storeWith({ tokens: 10_000 })
    store.alone = false
    await start(store).sweep(millis(NOW))
    expect(store.slices).toEqual([])
  })

  it('is not done where tokens are kept for ever', async () => {
    const store = storeWith({ tokens: 10 })
    start(store, Infinity)
    await sweeper.sweep(millis(NOW))
    await vi.advanceTimersByTimeAsync(3 * HOUR_MS)
    expect(store.slices).toEqual([])
  })

  it('ends when it is stopped, in a pause too', async () => {
    const store = storeWith({ tokens: 100_000 })
    start(store)
    while (store.slices.length < 3) await vi.advanceTimersByTimeAsync(25)
    await sweeper.stop()
    await vi.advanceTimersByTimeAsync(HOUR_MS)
    expect(store.slices).toHaveLength(3)
  })
})
