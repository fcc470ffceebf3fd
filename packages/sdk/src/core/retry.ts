import { ConnectionError, type APIError, type CallError } from './errors.ts'
import type { RequestOptions, RetryConfig } from './options.ts'

/** As `RetryConfig`, with what only one of its strategies has. */
type AnyConfig = Partial<Omit<Extract<RetryConfig, { strategy: 'backoff' }>, 'strategy'> & RetryConfig>

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
  const {
    // Seconds, not minutes: whoever waits for a token is holding up a request of their own.
    backoff: { initialInterval = 250, maxInterval = 5_000, exponent = 2, maxElapsedTime = 15_000 } = {},
    retryConnectionErrors = true,
    strategy,
  } = (config ?? {}) as AnyConfig
  const { statusCode, retryAfter } = error as Partial<APIError>
  const status = String(statusCode)
  const isPassing =
    error instanceof ConnectionError
      ? retryConnectionErrors
      : (codes ?? ['408', '429', '5XX']).some((code) =>
          [status, `${status[0]}XX`].includes(code.toUpperCase()),
        )
  const jitter = Math.random() * Math.min(maxInterval, initialInterval * exponent ** attempt)
  const wait = Math.max(1000 * (retryAfter ?? 0), jitter)
  // Written so that what is not a number ends the attempts.
  return isPassing && strategy !== 'none' && elapsedMs + wait < maxElapsedTime ? wait : null
}
