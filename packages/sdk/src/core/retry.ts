import { APIError, ConnectionError, type CallError } from './errors.ts'
import type { RequestOptions, RetryConfig } from './options.ts'

/** Seconds, not minutes: whoever waits for a token is holding up a request of their own. */
const BACKOFF = { initialInterval: 250, maxInterval: 5_000, exponent: 2, maxElapsedTime: 15_000 }
const CODES: readonly string[] = ['408', '429', '5XX']

/**
 * How long to wait before the next attempt, in milliseconds; `null` for no other one. Full jitter, so that
 * clients that failed together do not come back together; `Retry-After` (RFC 9110 section 10.2.3) is the
 * least, and ends the attempts if it asks for more than there is time.
 */
export function waitBeforeRetry(
  error: CallError,
  config: RetryConfig | undefined,
  codes: RequestOptions['retryCodes'],
  attempt: number,
  elapsedMs: number,
): number | null {
  if (config?.strategy === 'none' || !mayPass(error, config, codes ?? CODES)) return null
  const { initialInterval, maxInterval, exponent, maxElapsedTime } = { ...BACKOFF, ...config?.backoff }
  const asked = error instanceof APIError && error.retryAfter !== null ? error.retryAfter * 1000 : 0
  const wait = Math.max(asked, Math.random() * Math.min(maxInterval, initialInterval * exponent ** attempt))
  return elapsedMs + wait > maxElapsedTime ? null : wait
}

function mayPass(error: CallError, config: RetryConfig | undefined, codes: readonly string[]): boolean {
  if (error instanceof ConnectionError) {
    return config?.strategy !== 'backoff' || config.retryConnectionErrors !== false
  }
  if (!(error instanceof APIError)) return false
  const status = String(error.statusCode)
  return codes.some((code) => code.toUpperCase() === status || code.toUpperCase() === `${status[0]}XX`)
}

/** Seconds from a `Retry-After` header, a number or a date; `null` for anything else. */
export function readRetryAfter(header: string | null): number | null {
  if (header === null) return null
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null
}
