/** A worker that lived this long did not die of its start. */
const LONG_ENOUGH_MS = 10_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 30_000

/**
 * How long to wait before a worker is replaced: not at all, unless those before it in the same place ended
 * soon after they were started. Then twice as long each time, so that what fails always costs little.
 */
export function createRestartDelay(): (livedMs: number) => number {
  let soon = 0
  return (livedMs) => {
    soon = livedMs >= LONG_ENOUGH_MS ? 0 : soon + 1
    return soon === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (soon - 1), LONGEST_DELAY_MS)
  }
}
