import { describe, expect, it } from 'vitest'
import { createDiskFailures } from './disk-failures.ts'

describe('a failure of the disk', () => {
  it('is one failure, however many of the workers that run notice it', () => {
    const isRepeated = createDiskFailures()
    expect([isRepeated(0, 5_000), isRepeated(10, 5_001), isRepeated(20, 9_000)]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('is repeated when a worker notices it that was started since the last', () => {
    const isRepeated = createDiskFailures()
    expect(isRepeated(0, 5_000)).toBe(false)
    expect(isRepeated(5_001, 8_000)).toBe(true)
  })

  it('is a new one after a minute', () => {
    const isRepeated = createDiskFailures()
    expect(isRepeated(0, 5_000)).toBe(false)
    expect(isRepeated(5_001, 65_000)).toBe(false)
    expect(isRepeated(65_001, 66_000)).toBe(true)
  })
})
