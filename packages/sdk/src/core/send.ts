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

const TIMEOUT_MS = 30_000

export async function send<Value>(
  client: ClientOptions,
  call: Call & Expected,
  options: RequestOptions = {},
): Promise<Result<Value, CallError>> {
  const deadline = createDeadline(options.timeoutMs ?? client.timeoutMs ?? TIMEOUT_MS, [
    options.signal,
    options.fetchOptions?.signal,
  ])
  try {
    const { url, init } = await deadline.orEnd(buildRequest(client, call, options))
    return await attemptUntil<Value>(client, call, options, url, init, deadline)
  } catch (error) {
    return fail(
      error instanceof MintmarkError
        ? (error as CallError)
        : new InvalidRequestError('invalid_request', 'The request could not be made', { cause: error }),
    )
  } finally {
    deadline.clear()
  }
}

async function attemptUntil<Value>(
  client: ClientOptions,
  call: Call & Expected,
  { retries, retryCodes }: RequestOptions,
  url: string,
  init: RequestInit,
  deadline: Deadline,
): Promise<Result<Value, CallError>> {
  const started = performance.now()
  for (let attempt = 0; ; attempt++) {
    const result = await tryOnce<Value>(client, call, url, init, deadline)
    const elapsedMs = performance.now() - started
    client.logger?.debug('mintmark call', {
      method: call.method,
      path: call.path.map((part, index) => (index % 2 === 0 ? part : '{id}')).join(''),
      attempt,
      outcome: result.ok ? 'ok' : result.error.code,
      elapsedMs,
    })
    if (result.ok) return result
    const waitMs = waitBeforeRetry(
      result.error,
      retries ?? client.retryConfig,
      retryCodes,
      attempt,
      elapsedMs,
    )
    if (waitMs === null) return result
    await deadline.sleep(waitMs)
  }
}

async function tryOnce<Value>(
  client: ClientOptions,
  call: Call & Expected,
  url: string,
  init: RequestInit,
  deadline: Deadline,
): Promise<Result<Value, CallError>> {
  try {
    const ask = client.fetch ?? globalThis.fetch
    const response = await deadline.orEnd(ask(url, { ...init, signal: deadline.signal }))
    return readAnswer<Value>(response, await deadline.orEnd(response.text()), call)
  } catch (error) {
    if (error instanceof MintmarkError) throw error
    return fail(
      new ConnectionError('connection_error', 'No whole answer came from the server', { cause: error }),
    )
  }
}

type Deadline = ReturnType<typeof createDeadline>

/** Ends everything that is under way when the time is over or the caller wants no more of it. */
function createDeadline(timeoutMs: number, signals: readonly (AbortSignal | null | undefined)[]) {
  const controller = new AbortController()
  let end!: (reason: MintmarkError) => void
  const ended = new Promise<never>((_, reject) => {
    end = (reason) => {
      reject(reason)
      controller.abort(reason)
    }
  })
  // Nobody may be waiting for it at the moment.
  ended.catch(() => {})
  const abort = () => end(new RequestAbortedError('request_aborted', 'The call was aborted'))
  for (const signal of signals) {
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
  }
  const timer = setTimeout(
    () => end(new RequestTimeoutError('request_timeout', `The call took longer than ${timeoutMs} ms`)),
    timeoutMs,
  )
  let waiting: ReturnType<typeof setTimeout> | undefined
  /** Also where a `fetch` that is not the platform's does not listen to the signal. */
  const orEnd = <T>(work: Promise<T>): Promise<T> => Promise.race([work, ended])
  return {
    signal: controller.signal,
    orEnd,
    sleep: (ms: number) => orEnd(new Promise<void>((resolve) => (waiting = setTimeout(resolve, ms)))),
    clear() {
      clearTimeout(timer)
      clearTimeout(waiting)
      for (const signal of signals) signal?.removeEventListener('abort', abort)
    },
  }
}
