import { describe, expect, it } from 'vitest'
import { createRestartDelay } from './restart-delay.ts'

describe('the delay before a worker is replaced', () => {
  it('is none for one that has lived', () => {
    const delayAfter = createRestartDelay()
    expect([delayAfter(10_000), delayAfter(1e9), delayAfter(10_001)]).toEqual([0, 0, 0])
  })

  it('doubles while they end soon after their start, up to half a minute', () => {
    const delayAfter = createRestartDelay()
    const delays = Array.from({ length: 2_000 }, () => delayAfter(50))
    expect(delays.slice(0, 5)).toEqual([100, 200, 400, 800, 1_600])
    expect(Math.max(...delays)).toBe(30_000)
    expect(delays.at(-1)).toBe(30_000)
  })

  it('begins anew after one that has lived', () => {
    const delayAfter = createRestartDelay()
    for (let count = 0; count < 8; count++) delayAfter(0)
    expect(delayAfter(60_000)).toBe(0)
    expect(delayAfter(0)).toBe(100)
  })
})
