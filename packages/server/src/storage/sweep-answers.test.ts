import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ANSWERS_KEPT } from '../core/idempotent-answers.ts'
import type { Transactions } from '../core/stores.ts'
import { millis, type Millis } from '../core/time.ts'
import { startAnswerSweeper } from './sweep-answers.ts'

const NOW = Date.UTC(2026, 0, 15, 12)
const MINUTE_MS = 60_000

/** A store with so many answers that are over; `asked` has the instant of each batch. */
function storeWith(over: number): {
  readonly port: Transactions<never>
  readonly asked: Millis[]
  fail: boolean
} {
  const store = {
    asked: [] as Millis[],
    fail: false,
    port: {
      async transaction(work: (stores: object) => Promise<unknown>) {
        if (store.fail) throw new Error('a full disk')
        return work({
          idempotentAnswers: {
            async sweep(until: Millis, limit: number) {
              store.asked.push(until)
              const swept = Math.min(over, limit)
              over -= swept
              return swept
            },
          },
        })
      },
    } as unknown as Transactions<never>,
  }
  return store
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('sweeping remembered answers', () => {
  it('is done once a minute, for what is older than a day', async () => {
    const { port, asked } = storeWith(0)
    const sweeper = startAnswerSweeper(port)
    await vi.advanceTimersByTimeAsync(MINUTE_MS - 1)
    expect(asked).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toEqual([NOW + MINUTE_MS - ANSWERS_KEPT * 1000])
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(asked).toHaveLength(2)
    sweeper.stop()
  })

  it('goes on in batches of a thousand until nothing is left', async () => {
    const { port, asked } = storeWith(2_000)
    const sweeper = startAnswerSweeper(port)
    await sweeper.sweep(millis(NOW))
    expect(asked).toHaveLength(3)
    sweeper.stop()
  })

  it('goes on after a store that failed', async () => {
    const store = storeWith(0)
    store.fail = true
    const sweeper = startAnswerSweeper(store.port)
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(store.asked).toEqual([])
    store.fail = false
    await vi.advanceTimersByTimeAsync(MINUTE_MS)
    expect(store.asked).toHaveLength(1)
    sweeper.stop()
  })

  it('ends when it is stopped, between two batches too', async () => {
    const { port, asked } = storeWith(5_000)
    const sweeper = startAnswerSweeper(port)
    const sweeping = sweeper.sweep(millis(NOW))
    sweeper.stop()
    await sweeping
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS)
    expect(asked).toHaveLength(1)
  })
})
