/** When a call that failed is made again, after how long, and that its key stays the same. */
import { Mintmark, type RequestOptions, type RetryConfig } from '@mintmark/sdk'
import { MintmarkCore } from '@mintmark/sdk/core.js'
import { jwksGet } from '@mintmark/sdk/funcs/jwksGet.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { json, refusal, scriptedFetch, TESTING_TOKEN, type Answers } from './support.ts'

const good = () => json(200, TESTING_TOKEN)
const broken = () => new TypeError('fetch failed')
const RETRIED = [408, 429, 500, 502, 503, 504, 599]
const FINAL = [300, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 425]

// The clock of these tests moves only as far as the next timer.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Makes a call and lets time pass until it ends. */
async function run(answers: Answers, options: RequestOptions = {}, retryConfig?: RetryConfig) {
  const { fetch, sent } = scriptedFetch(...answers)
  const times: number[] = []
  const started = Date.now()
  const core = new MintmarkCore({
    secretKey: 'sk_test',
    retryConfig,
    fetch: (...args) => {
      times.push(Date.now() - started)
      return fetch(...args)
    },
  })
  const call = testingTokensCreate(core, options)
  await vi.runAllTimersAsync()
  const result = await call
  return { result, sent, times, elapsedMs: Date.now() - started }
}

describe('a call that failed', () => {
  it.each(RETRIED)('is made again after %i', async (status) => {
    const { result, sent } = await run([() => refusal(status, 'broken'), good])
    expect(result.ok).toBe(true)
    expect(sent).toHaveLength(2)
  })

  it.each(FINAL)('is not made again after %i', async (status) => {
    const { result, sent } = await run([() => refusal(status, 'no'), good])
    expect(result.error).toMatchObject({ statusCode: status })
    expect(sent).toHaveLength(1)
  })

  it('is made again where no answer came, unless told not to', async () => {
    expect((await run([broken, good])).result.ok).toBe(true)
    const { result, sent } = await run([broken, good], {
      retries: { strategy: 'backoff', retryConnectionErrors: false },
    })
    expect(result.error).toMatchObject({ name: 'ConnectionError', code: 'connection_error' })
    expect(sent).toHaveLength(1)
  })

  it('is not made again where the answer was good and is not what was asked for', async () => {
    const { result, sent } = await run([() => json(200, { object: 'other' }), good])
    expect(result.error).toMatchObject({ name: 'SDKValidationError' })
    expect(sent).toHaveLength(1)
  })

  it('is given up 15 seconds after it began, with its last error', async () => {
    const { result, sent, times } = await run([() => refusal(503, 'service_unavailable')])
    expect(result.error).toMatchObject({ name: 'APIError', statusCode: 503, code: 'service_unavailable' })
    expect(sent.length).toBeGreaterThan(4)
    expect(Math.max(...times)).toBeLessThan(15_000)
  })

  it('waits between nothing and twice as long as before, at most five seconds', async () => {
    const { times } = await run([() => refusal(503, 'x')])
    const waits = times.slice(1).map((time, index) => time - times[index]!)
    for (const [attempt, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(Math.min(5_000, 250 * 2 ** attempt))
    }
  })

  it('does not wait as long as another that failed with it', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => run([() => refusal(503, 'x')])))
    expect(new Set(all.map(({ times }) => times.join())).size).toBeGreaterThan(1)
  })
})

describe('the retries of a call', () => {
  const NONE = { strategy: 'none' } as const
  const FAST = { strategy: 'backoff', backoff: { initialInterval: 1, maxElapsedTime: 20_000 } } as const

  it.each<[string, RequestOptions, RetryConfig | undefined, boolean]>([
    ['none for the call', { retries: NONE }, undefined, false],
    ['none for the client', {}, NONE, false],
    ['some for the call, none for the client', { retries: FAST }, NONE, true],
    ['none for the call, some for the client', { retries: NONE }, FAST, false],
    ['as by default', {}, undefined, true],
    ['with a strategy only', { retries: { strategy: 'backoff' } }, undefined, true],
    ['in no time', { retries: { strategy: 'backoff', backoff: { maxElapsedTime: 0 } } }, undefined, false],
    ['of other statuses', { retryCodes: ['429', '502'] }, undefined, false],
    ['of this status', { retryCodes: ['503'] }, undefined, true],
    ['of this class', { retryCodes: ['5xx'] }, undefined, true],
    ['of no status', { retryCodes: [] }, undefined, false],
    [
      'with numbers that are none',
      { retries: { strategy: 'backoff', backoff: { initialInterval: NaN } } },
      undefined,
      false,
    ],
  ])('are %s', async (_, options, config, again) => {
    const { sent } = await run([() => refusal(503, 'x'), good], options, config)
    expect(sent).toHaveLength(again ? 2 : 1)
  })

  it('may take other statuses than by default', async () => {
    const { sent } = await run([() => refusal(404, 'x'), good], { retryCodes: ['4XX'] })
    expect(sent).toHaveLength(2)
  })

  it('follow the numbers that they are given', async () => {
    const backoff = { initialInterval: 10, maxInterval: 40, exponent: 3, maxElapsedTime: 1_000 }
    const { times } = await run([() => refusal(503, 'x')], { retries: { strategy: 'backoff', backoff } })
    expect(times.length).toBeGreaterThan(20)
    expect(Math.max(...times)).toBeLessThan(1_000)
  })
})

describe('Retry-After', () => {
  const after = (value: string) => () => refusal(429, 'too_many_requests', { 'retry-after': value })

  it('is the least that is waited', async () => {
    const { times } = await run([after('2'), good])
    expect(times[1]).toBeGreaterThanOrEqual(2_000)
    expect(times[1]).toBeLessThan(2_500)
  })

  it('may be a date', async () => {
    vi.setSystemTime(Date.UTC(2026, 0, 15, 12))
    const { times } = await run([after('Thu, 15 Jan 2026 12:00:03 GMT'), good])
    expect(times[1]).toBeGreaterThanOrEqual(3_000)
    expect(times[1]).toBeLessThan(3_500)
  })

  // A server that lies must not hold its caller.
  it.each([
    ['16', 16],
    ['3600', 3_600],
    ['9'.repeat(400), Infinity],
    ['Fri, 31 Dec 9999 23:59:59 GMT', expect.any(Number)],
  ])('ends the attempts at once if it is too long: %s', async (value, retryAfter) => {
    const { result, sent, elapsedMs } = await run([after(value), good])
    expect(result.error).toMatchObject({ statusCode: 429, retryAfter })
    expect(sent).toHaveLength(1)
    expect(elapsedMs).toBe(0)
  })

  it('ends the attempts at once if the call has no such time left', async () => {
    const { result, elapsedMs } = await run([after('5'), good], { timeoutMs: 4_000 })
    expect(result.error).toMatchObject({ statusCode: 429, retryAfter: 5 })
    expect(elapsedMs).toBe(0)
  })

  it.each(['0', 'Thu, 01 Jan 1970 00:00:00 GMT', '-5', 'soon', '', 'NaN'])(
    'is as if it were not there if it is %j',
    async (value) => {
      const { result, times } = await run([after(value), good])
      expect(result.ok).toBe(true)
      expect(times[1]).toBeLessThanOrEqual(250)
    },
  )
})

describe('the Idempotency-Key', () => {
  it('is one for all attempts of a POST, and another for the next call', async () => {
    const first = await run([broken, () => refusal(500, 'x'), () => refusal(429, 'x'), good])
    const second = await run([good])
    const keys = first.sent.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(4)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[\x21-\x7e]{20,255}$/)
    expect(second.sent[0]!.headers['idempotency-key']).not.toBe(keys[0])
  })

  it('may be given', async () => {
    const { sent } = await run([broken, good], { idempotencyKey: 'order 17' })
    expect(sent.map(({ headers }) => headers['idempotency-key'])).toEqual(['order 17', 'order 17'])
  })

  it('is on no other request', async () => {
    const { fetch, sent } = scriptedFetch(() => json(200, { keys: [] }))
    await jwksGet(new MintmarkCore({ secretKey: 'sk_test', fetch }))
    await new Mintmark({ secretKey: 'sk_test', fetch }).users.list()
    expect(sent.map(({ headers }) => 'idempotency-key' in headers)).toEqual([false, false])
  })
})
