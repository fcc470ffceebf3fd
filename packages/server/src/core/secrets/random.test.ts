import { describe, expect, it } from 'vitest'
import { systemRandom } from './random.ts'

describe('random bytes', () => {
  it.each([0, 1, 16, 4_095, 4_096, 4_097, 100_000])('are as many as asked for: %i', (length) => {
    expect(systemRandom.bytes(length)).toHaveLength(length)
  })

  // Stops two secrets from sharing their bytes where the pool is drawn from and filled again.
  it('are never handed out twice', () => {
    const drawn = Array.from({ length: 5_000 }, () => Buffer.from(systemRandom.bytes(12)).toString('hex'))
    expect(new Set(drawn).size).toBe(5_000)
  })

  it('belong to whom they were given', () => {
    const mine = systemRandom.bytes(16)
    const before = Uint8Array.from(mine)
    const next = systemRandom.bytes(16)
    next.fill(0)
    systemRandom.bytes(10_000)
    expect(Uint8Array.from(mine)).toEqual(before)
  })
})
