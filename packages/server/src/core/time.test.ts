import { describe, expect, it } from 'vitest'
import { after, isPast, millis, seconds, toSeconds } from './time.ts'

const NOON = millis(Date.UTC(2026, 0, 15, 12))

describe('an end', () => {
  // Stops the last millisecond from being counted twice: a token that ends at noon is not good at noon.
  it.each([
    [-1, false],
    [0, true],
    [1, true],
  ])('is past %i ms after it: %s', (late, past) => {
    expect(isPast(NOON, millis(NOON + late))).toBe(past)
  })

  it('that is never is not past, however late it is', () => {
    expect(isPast(null, millis(Number.MAX_SAFE_INTEGER))).toBe(false)
  })
})

describe('a length of time', () => {
  it.each([
    [1, 1_000],
    [0.5, 500],
    [0.0004, 1],
    [Number.MIN_VALUE, 1],
    [1.0004, 1_000],
    [315_360_000, 315_360_000_000],
  ])('of %d s ends %d ms later, and never at once', (length, later) => {
    expect(after(NOON, seconds(length)) - NOON).toBe(later)
  })
})

it('whole seconds are rounded down', () => {
  expect([999, 1_000, 1_999].map((instant) => toSeconds(millis(instant)))).toEqual([0, 1, 1])
})
