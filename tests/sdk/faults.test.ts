/** Servers, proxies and networks that misbehave: each call ends in time, with the right kind of error. */
import { inspect } from 'node:util'
import type { ServerResponse } from 'node:http'
import { MintmarkCore } from '@mintmark/sdk/core.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startServer, TESTING_TOKEN, type MisbehavingServer } from './support.ts'

const BODY = JSON.stringify(TESTING_TOKEN)
const JSON_TYPE = { 'content-type': 'application/json' }
const NONE = { strategy: 'none' } as const
const FAST = { strategy: 'backoff', backoff: { initialInterval: 1 } } as const

let server: MisbehavingServer | undefined
const unhandled: unknown[] = []
const listen = (reason: unknown) => void unhandled.push(reason)

beforeEach(() => void process.on('unhandledRejection', listen).on('uncaughtExceptionMonitor', listen))
afterEach(async () => {
  await server?.close()
  // Rejections are reported after the microtasks that could have handled them.
  await new Promise(setImmediate)
  process.off('unhandledRejection', listen).off('uncaughtExceptionMonitor', listen)
  expect(unhandled).toEqual([])
})

async function call(
  answer: (response: ServerResponse, attempt: number) => void,
  options: { timeoutMs?: number; retryConfig?: typeof NONE | typeof FAST } = {},
) {
  server = await startServer((_, response) => answer(response, server!.requests.length - 1))
  const { url } = server
  const core = new MintmarkCore({ secretKey: 'sk_canary', serverURL: url, retryConfig: NONE, ...options })
  const result = await testingTokensCreate(core)
  expect(inspect(result.error, { depth: 9 })).not.toContain('canary')
  return { result, requests: server.requests }
}

const end = (response: ServerResponse, status: number, headers: object, body = '') =>
  void response.writeHead(status, { ...headers }).end(body)

/** Writes the beginning, and goes on for as long as anybody reads. */
function drip(response: ServerResponse, first: string, more: string, everyMs: number): void {
  response.writeHead(200, JSON_TYPE).write(first)
  const timer = setInterval(() => response.write(more), everyMs)
  response.on('close', () => clearInterval(timer))
}

describe('a connection', () => {
  const cut = (response: ServerResponse) => void response.socket!.destroy()

  it.each<[string, (response: ServerResponse) => void]>([
    ['is cut before the answer', cut],
    [
      'is cut after the headers',
      (response) => response.writeHead(200, JSON_TYPE).flushHeaders() ?? setImmediate(cut, response),
    ],
    [
      'is cut in the middle of the body',
      (response) => {
        response.writeHead(200, { ...JSON_TYPE, 'content-length': BODY.length })
        response.write(BODY.slice(0, 20), () => cut(response))
      },
    ],
    [
      'is cut in the middle of chunks',
      (response) => void response.writeHead(200, JSON_TYPE).write(BODY, () => cut(response)),
    ],
    [
      'ends before the length that was announced',
      (response) => {
        response.socket!.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n${BODY}`,
        )
      },
    ],
    ['speaks no HTTP', (response) => void response.socket!.end('SSH-2.0-OpenSSH\r\n')],
  ])('that %s is a ConnectionError, and is tried again', async (_, fault) => {
    const once = await call((response) => fault(response))
    expect(once.result.error).toMatchObject({ name: 'ConnectionError', cause: expect.any(Error) })
    await server!.close()
    const twice = await call(
      (response, attempt) => (attempt === 0 ? fault(response) : end(response, 200, JSON_TYPE, BODY)),
      { retryConfig: FAST },
    )
    expect(twice.result.ok).toBe(true)
    expect(new Set(twice.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  })

  it('that nobody accepts is a ConnectionError', async () => {
    const gone = await startServer(() => {})
    await gone.close()
    const core = new MintmarkCore({ secretKey: 'sk_canary', serverURL: gone.url, retryConfig: NONE })
    expect((await testingTokensCreate(core)).error).toMatchObject({ name: 'ConnectionError' })
  })
})

describe('a server that takes its time', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['never answers', () => {}],
    ['sends headers and no body', (response) => response.writeHead(200, JSON_TYPE).flushHeaders()],
    ['sends its body letter by letter', (response) => drip(response, '{"object":"', 'x', 5)],
    ['sends a body without end', (response) => drip(response, '["', 'x'.repeat(100_000), 1)],
    ['never ends a refusal', (response) => void response.writeHead(500, JSON_TYPE).write('{')],
  ])('and %s is left when the time is over', async (_, fault) => {
    const { result, requests } = await call(fault, { timeoutMs: 1_000, retryConfig: FAST })
    expect(result.error).toMatchObject({ name: 'RequestTimeoutError' })
    expect(requests).toHaveLength(1)
  })

  it('and ends in time is waited for', async () => {
    const { result } = await call((response) => {
      const letters = [...BODY]
      response.writeHead(200, JSON_TYPE)
      const timer = setInterval(() => {
        response.write(letters.splice(0, 10).join(''))
        if (letters.length > 0) return
        clearInterval(timer)
        response.end()
      }, 1)
    })
    expect(result).toMatchObject({ ok: true, value: { object: 'testing_token' } })
  })
})

describe('an answer', () => {
  it.each<[string, number, object, string, object]>([
    ['of another type', 200, { 'content-type': 'text/plain' }, BODY, { name: 'SDKValidationError' }],
    ['without a type', 200, {}, BODY, { name: 'SDKValidationError' }],
    ['cut off with the right length', 200, JSON_TYPE, BODY.slice(0, 30), { name: 'SDKValidationError' }],
    ['without a body', 200, JSON_TYPE, '', { name: 'SDKValidationError' }],
    ['204', 204, {}, '', { name: 'SDKValidationError' }],
    ['304', 304, {}, '', { name: 'APIError', statusCode: 304 }],
    ['of many megabytes', 200, JSON_TYPE, `"${'x'.repeat(30_000_000)}"`, { name: 'SDKValidationError' }],
    [
      'of a proxy',
      502,
      { 'content-type': 'text/html' },
      '<h1>Bad gateway',
      { name: 'APIError', statusCode: 502 },
    ],
    [
      'that cannot be unzipped',
      200,
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      BODY,
      { name: 'ConnectionError' },
    ],
  ])('%s is the right error', async (_, status, headers, body, expected) => {
    const { result, requests } = await call((response) => end(response, status, headers, body))
    expect(result.error).toMatchObject(expected)
    expect(requests).toHaveLength(1)
  })

  // A server that redirects elsewhere would get the key, or the token in a body.
  it.each([301, 302, 303, 307, 308])('that redirects (%i) is not followed', async (status) => {
    const elsewhere = await startServer((_, response) => end(response, 200, JSON_TYPE, BODY))
    try {
      const { result, requests } = await call((response) =>
        end(response, status, { location: `${elsewhere.url}/v1/testing_tokens` }),
      )
      expect(result.error).toMatchObject({ name: 'APIError', statusCode: status })
      expect(requests).toHaveLength(1)
      expect(elsewhere.requests).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })

  it('of a server in trouble is followed by another attempt, under the same key', async () => {
    const { result, requests } = await call(
      (response, attempt) =>
        attempt < 2
          ? end(response, attempt === 0 ? 500 : 429, { ...JSON_TYPE, 'retry-after': '0' }, '{}')
          : end(response, 201, JSON_TYPE, BODY),
      { retryConfig: FAST },
    )
    expect(result.ok).toBe(true)
    expect(requests).toHaveLength(3)
    expect(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  })
})
