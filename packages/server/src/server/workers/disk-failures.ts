/** A worker that begins anew reads the disk anew, so that one failure of it need not be the end. */
const REPEATED_WITHIN_MS = 60_000

/**
 * Tells a disk that failed once, which all workers may notice, from one that goes on failing: then no new
 * worker can help.
 *
 * @returns a function of when the worker that noticed a failure was started, and of now, both of one clock in
 *   milliseconds; whether the failure is a repeated one
 */
export function createDiskFailures(): (startedAt: number, now: number) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return (startedAt, now) => {
    const isRepeated = startedAt > last && now - last < REPEATED_WITHIN_MS
    last = now
    return isRepeated
  }
}
