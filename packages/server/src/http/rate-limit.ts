/** A limit on the requests of one key or address, counted in fixed windows; what was counted is forgotten with each. */
import { AuthorityError } from '../core/errors.ts'
import type { Clock } from '../core/time.ts'

export type RateLimiter = (keyId: string) => void

const WINDOW_MS = 10_000

/** @returns a function that throws `too_many_requests` past `limit` requests in ten seconds; 0 for no limit */
export function createRateLimiter(limit: number, clock: Clock): RateLimiter {
  if (limit === 0) return () => {}
  let windowStart = 0
  const counts = new Map<string, number>()
  return (keyId) => {
    const now = clock.now()
    if (now < windowStart || now >= windowStart + WINDOW_MS) {
      windowStart = now
      counts.clear()
    }
    const count = (counts.get(keyId) ?? 0) + 1
    counts.set(keyId, count)
    if (count > limit) {
      throw new AuthorityError('too_many_requests', {
        retryAfter: Math.ceil((windowStart + WINDOW_MS - now) / 1000),
      })
    }
  }
}
