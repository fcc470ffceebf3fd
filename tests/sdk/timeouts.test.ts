/** A call ends when its time is over or its caller wants no more of it, wherever it is then. */
import { MintmarkCore } from '@mintmark/sdk/core.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { json, refusal, scriptedFetch, TESTING_TOKEN } from './support.ts'

const never = () => new Promise<never>(() => {})
const TIMEOUT = { name: 'RequestTimeoutError', code: 'request_timeout' }
const ABORTED = { name: 'RequestAbortedError', code: 'request_aborted' }

/** Hangs at one point of a call, as if the platform knew nothing of signals. */
const HANGING: Record<string, () => ConstructorParameters<typeof MintmarkCore>[0]> = {
  'while the key is asked for': () => ({ bearerAuth: never }),
  'before the answer begins': () => ({ secretKey: 'sk_x', fetch: never }),
  'in the middle of the answer': () => ({
    secretKey: 'sk_x',
    fetch: () => Promise.resolve(new Response(new ReadableStream({ pull: never }))),
  }),
  'while it waits for the next attempt': () => ({
    secretKey: 'sk_x',
    retryConfig: { strategy: 'backoff', backoff: { maxElapsedTime: 1e9 } },
    fetch: scriptedFetch(() => refusal(429, 'x', { 'retry-after': '9' })).fetch,
  }),
}

const unhandled: unknown[] = []
const listen = (reason: unknown) => void unhandled.push(reason)

beforeEach(() => {
  vi.useFakeTimers()
  process.on('unhandledRejection', listen)
})
afterEach(() => {
  vi.useRealTimers()
  process.off('unhandledRejection', listen)
  expect(unhandled).toEqual([])
})

describe('a call', () => {
  const places = Object.entries(HANGING)

  it.each(places.slice(0, 3))('ends after 30 seconds %s', async (_, options) => {
    const call = testingTokensCreate(new MintmarkCore(options()))
    await vi.advanceTimersByTimeAsync(29_999)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect((await call).error).toMatchObject(TIMEOUT)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(places.slice(0, 3))(
    'ends when the time of the client or of the call is over %s',
    async (_, options) => {
      const ofClient = testingTokensCreate(new MintmarkCore({ ...options(), timeoutMs: 70 }))
      const ofCall = testingTokensCreate(new MintmarkCore({ ...options(), timeoutMs: 700 }), {
        timeoutMs: 70,
      })
      await vi.advanceTimersByTimeAsync(70)
      expect((await ofClient).error).toMatchObject(TIMEOUT)
      expect((await ofCall).error).toMatchObject(TIMEOUT)
      expect((await ofCall).error!.message).toContain('70 ms')
    },
  )

  it.each(places)('ends when it is aborted %s', async (_, options) => {
    for (const place of ['signal', 'fetchOptions'] as const) {
      const controller = new AbortController()
      const { signal } = controller
      const given = place === 'signal' ? { signal } : { fetchOptions: { signal } }
      const call = testingTokensCreate(new MintmarkCore(options()), given)
      await vi.advanceTimersByTimeAsync(50)
      controller.abort()
      expect((await call).error).toMatchObject(ABORTED)
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('sends nothing if it was aborted before', async () => {
    const { fetch, sent } = scriptedFetch(() => json(200, TESTING_TOKEN))
    const core = new MintmarkCore({ secretKey: 'sk_x', fetch })
    const { error } = await testingTokensCreate(core, { signal: AbortSignal.abort() })
    expect(error).toMatchObject(ABORTED)
    expect(sent).toEqual([])
  })

  it('tells the platform to stop', async () => {
    const signals: AbortSignal[] = []
    const core = new MintmarkCore({
      secretKey: 'sk_x',
      timeoutMs: 100,
      fetch: (_, init) => {
        signals.push(init!.signal!)
        return never()
      },
    })
    const call = testingTokensCreate(core)
    await vi.advanceTimersByTimeAsync(100)
    await call
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('leaves nothing at a signal that outlives it', async () => {
    const { signal } = new AbortController()
    const listeners = new Set<unknown>()
    const watched = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => listeners.delete(listener),
    } as unknown as typeof signal
    const core = new MintmarkCore({
      secretKey: 'sk_x',
      fetch: scriptedFetch(() => json(200, TESTING_TOKEN)).fetch,
    })
    expect((await testingTokensCreate(core, { signal: watched })).ok).toBe(true)
    expect(listeners.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  // A timer of more than 24 days fires at once.
  it.each([Infinity, 1e12])('may take as long as it wants with a timeoutMs of %d', async (timeoutMs) => {
    const slow = () =>
      new Promise<Response>((resolve) => setTimeout(() => resolve(json(200, TESTING_TOKEN)), 86_400_000))
    const call = testingTokensCreate(new MintmarkCore({ secretKey: 'sk_x', fetch: slow }), { timeoutMs })
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect((await call).ok).toBe(true)
  })
})

describe('the attempts of a call', () => {
  it('share its time', async () => {
    const attempt = () =>
      new Promise<Response>((resolve) => setTimeout(() => resolve(refusal(503, 'x')), 900))
    const core = new MintmarkCore({ secretKey: 'sk_x', fetch: attempt, timeoutMs: 1_000 })
    const call = testingTokensCreate(core)
    await vi.advanceTimersByTimeAsync(1_000)
    const { error } = await call
    expect(['RequestTimeoutError', 'APIError']).toContain(error!.name)
  })
})
