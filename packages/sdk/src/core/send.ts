/** One call: its request, its attempts, its end. Returns what went wrong; throws nothing. */
import { readAnswer, type Expected } from './answer.ts'
import {
  ConnectionError,
  InvalidRequestError,
  MintmarkError,
  RequestAbortedError,
  RequestTimeoutError,
  type CallError,
} from './errors.ts'
import type { ClientOptions, RequestOptions } from './options.ts'
import { buildRequest, type Call } from './request.ts'
import { fail, type Result } from './result.ts'
import { waitBeforeRetry } from './retry.ts'

export async function send<Value>(
  client: ClientOptions,
  describe: () => Call & Expected,
  options: RequestOptions = {},
): Promise<Result<Value, CallError>> {
  const started = performance.now()
  const { fetchOptions, retries = client.retryConfig, timeoutMs = client.timeoutMs ?? 30_000 } = options
  const { orEnd, sleep, signal, clear } = createDeadline(timeoutMs, [options.signal, fetchOptions?.signal])
  try {
    const call = describe()
    const { url, init } = await orEnd(buildRequest(client, call, options))
    for (let attempt = 0; ; attempt++) {
      const result = await orEnd(tryOnce<Value>(client, call, url, { ...init, signal }))
      const elapsedMs = performance.now() - started
      client.logger?.debug('mintmark call', {
        method: call.method,
        path: call.path.replace(/\?.*/, ''),
        attempt,
        outcome: result.ok ? 'ok' : result.error.code,
        elapsedMs,
      })
      const wait = result.ok
        ? null
        : waitBeforeRetry(result.error, retries, options.retryCodes, attempt, elapsedMs)
      if (wait === null || elapsedMs + wait > timeoutMs) return result
      await sleep(wait)
    }
  } catch (cause) {
    return fail(
      cause instanceof MintmarkError
        ? cause
        : new InvalidRequestError('invalid_request', 'The request could not be made', { cause }),
    )
  } finally {
    clear()
  }
}

async function tryOnce<Value>(
  { fetch = globalThis.fetch }: ClientOptions,
  call: Call & Expected,
  url: string,
  init: RequestInit,
): Promise<Result<Value, CallError>> {
  try {
    const response = await fetch(url, init)
    return readAnswer<Value>(response, await response.text(), call)
  } catch (cause) {
    const message = `No whole answer came from ${new URL(url).origin}`
    return fail(new ConnectionError('connection_error', message, { cause }))
  }
}

/** Ends everything that is under way when the time is over or the caller wants no more of it. */
function createDeadline(timeoutMs: number, signals: readonly (AbortSignal | null | undefined)[]) {
  const controller = new AbortController()
  const { signal } = controller
  const ended = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  )
  // Nobody may be waiting for it at the moment.
  ended.catch(() => {})
  const abort = () => controller.abort(new RequestAbortedError('request_aborted', 'The call was aborted'))
  for (const each of signals) {
    if (each?.aborted) abort()
    each?.addEventListener('abort', abort)
  }
  const timers = [
    setTimeout(
      () =>
        controller.abort(
          new RequestTimeoutError('request_timeout', `The call took longer than ${timeoutMs} ms`),
        ),
      Math.min(timeoutMs, 2 ** 31 - 1),
    ),
  ]
  /** Also where a `fetch` that is not the platform's does not listen to the signal. */
  const orEnd = <T>(work: Promise<T>): Promise<T> => Promise.race([work, ended])
  return {
    signal,
    orEnd,
    sleep: (ms: number) => orEnd(new Promise((resolve) => timers.push(setTimeout(resolve, ms)))),
    clear() {
      timers.forEach(clearTimeout)
      for (const each of signals) each?.removeEventListener('abort', abort)
    },
  }
}
