/** What a call fails with: which class, what it tells a program, and what it does not tell a log. */
import { inspect } from 'node:util'
import * as sdk from '@mintmark/sdk'
import {
  APIError,
  ClerkErrors,
  ConnectionError,
  InvalidRequestError,
  MintmarkError,
  RequestAbortedError,
  RequestTimeoutError,
  SDKValidationError,
} from '@mintmark/sdk/errors.js'
import { MintmarkCore } from '@mintmark/sdk/core.js'
import { actorTokensCreate } from '@mintmark/sdk/funcs/actorTokensCreate.js'
import { m2mVerifyToken } from '@mintmark/sdk/funcs/m2mVerifyToken.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { authorityFetch, json, reasonOf, refusal, scriptedFetch } from './support.ts'

const NONE = { retries: { strategy: 'none' } } as const
const CANARY = 'mt_canary_of_a_token'

const coreFor = (answer: () => Response | Error) =>
  new MintmarkCore({
    secretKey: 'sk_canary',
    machineSecretKey: 'ak_canary',
    fetch: scriptedFetch(answer).fetch,
  })

const fields = { userId: 'user_1', actor: { sub: 'user_2' } }

describe('a refusal', () => {
  it.each([400, 402, 422])('is ClerkErrors with a documented status such as %i', async (status) => {
    const { error } = await actorTokensCreate(
      coreFor(() => refusal(status, 'not_allowed')),
      fields,
      NONE,
    )
    expect(error).toBeInstanceOf(ClerkErrors)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({
      name: 'ClerkErrors',
      code: 'not_allowed',
      message: `The server answered ${status}: In whole sentences.`,
      statusCode: status,
      status,
      contentType: 'application/json',
      errors: [{ code: 'not_allowed', message: 'short', longMessage: 'In whole sentences.' }],
      traceId: 'trace_1',
      clerkTraceId: 'trace_1',
      retryAfter: null,
    })
  })

  it.each([401, 403, 404, 409, 418, 429, 500, 503])(
    'is APIError with any other status such as %i, and keeps the code',
    async (status) => {
      const { error } = await actorTokensCreate(
        coreFor(() => refusal(status, 'some_code')),
        fields,
        NONE,
      )
      expect(error).toBeInstanceOf(APIError)
      expect(error).not.toBeInstanceOf(ClerkErrors)
      expect(error).toMatchObject({ name: 'APIError', code: 'some_code', statusCode: status })
    },
  )

  it('never is ClerkErrors for a testing token, whose creation documents no status', async () => {
    const { error } = await testingTokensCreate(
      coreFor(() => refusal(422, 'x')),
      NONE,
    )
    expect(error).toMatchObject({ name: 'APIError' })
  })

  it.each<[string, () => Response, object]>([
    [
      'a page',
      () => new Response('<h1>502</h1>', { status: 422, headers: { 'content-type': 'text/html' } }),
      {},
    ],
    ['nothing', () => new Response(null, { status: 422 }), { contentType: '' }],
    [
      'half of JSON',
      () => new Response('{"errors":[', { status: 422, headers: { 'content-type': 'application/json' } }),
      {},
    ],
    ['JSON without errors', () => json(422, { message: CANARY }), {}],
    ['null', () => json(422, null), {}],
    ['errors that are none', () => json(422, { errors: [null, 1, 'x', {}, { code: 7 }] }), {}],
    ['an error alone', () => json(422, { errors: CANARY }), {}],
    ['a trace in a header', () => json(422, {}, { 'clerk-trace-id': 'trace_2' }), { traceId: 'trace_2' }],
  ])('is APIError without errors if the body is %s', async (_, answer, more) => {
    const { error } = await actorTokensCreate(coreFor(answer), fields, NONE)
    expect(error).toMatchObject({ name: 'APIError', code: 'api_error', errors: [], statusCode: 422, ...more })
    expect(error!.message).toBe('The server answered 422: no details')
  })

  it('has one text where the server gave one, and names in camelCase', async () => {
    const answer = () =>
      json(422, { errors: [{ code: 'x', message: 'Short.', meta: { param_name: 'actor' } }] })
    const { error } = await actorTokensCreate(coreFor(answer), fields, NONE)
    expect((error as ClerkErrors).errors).toEqual([
      { code: 'x', message: 'Short.', longMessage: 'Short.', meta: { paramName: 'actor' } },
    ])
  })

  it('has the body and the response for those who ask', async () => {
    const { error } = await actorTokensCreate(
      coreFor(() => refusal(404, 'x')),
      fields,
      NONE,
    )
    expect(JSON.parse((error as APIError).body)).toMatchObject({ errors: [{ code: 'x' }] })
    expect((error as APIError).rawResponse.headers.get('content-type')).toBe('application/json')
  })
})

describe('a refusal of the authority itself', () => {
  let authority: TestAuthority
  beforeAll(async () => void (authority = await startAuthority()))
  afterAll(() => authority.close())

  const core = () => {
    const { secretKey } = authority.first
    return new MintmarkCore({ secretKey, fetch: authorityFetch(authority).fetch })
  }

  it('tells what is wrong with a request', async () => {
    const { error } = await actorTokensCreate(core(), { ...fields, expiresInSeconds: -1 })
    expect(error).toMatchObject({ name: 'ClerkErrors', statusCode: 422 })
    expect((error as ClerkErrors).errors[0]!.meta).toEqual({ paramName: 'expires_in_seconds' })
    expect((error as ClerkErrors).traceId).toMatch(/^[\w-]{16,64}$/)
  })

  it('tells that a token is not good', async () => {
    const { error } = await m2mVerifyToken(core(), { token: CANARY })
    expect(error).toMatchObject({ name: 'ClerkErrors', statusCode: 404, code: 'resource_not_found' })
    expect(inspect(error, { depth: 9 })).not.toContain(CANARY)
  })

  it('tells that a key is not good, and shows none', async () => {
    const wrong = new MintmarkCore({ secretKey: 'sk_canary', fetch: authorityFetch(authority).fetch })
    const { error } = await testingTokensCreate(wrong)
    expect(error).toMatchObject({ name: 'APIError', statusCode: 401 })
    expect(inspect(error, { depth: 9 })).not.toContain('canary')
  })
})

describe('every error', () => {
  const page = () => new Response(CANARY, { headers: { 'content-type': 'text/html' } })
  const aborted = AbortSignal.abort(new Error(CANARY))
  const FAILURES: [string, typeof MintmarkError, () => Promise<sdk.Result<unknown, sdk.CallError>>][] = [
    [
      'ClerkErrors',
      ClerkErrors as never,
      () =>
        actorTokensCreate(
          coreFor(() => refusal(422, 'x')),
          fields,
          NONE,
        ),
    ],
    [
      'APIError',
      APIError as never,
      () =>
        testingTokensCreate(
          coreFor(() => refusal(401, 'x')),
          NONE,
        ),
    ],
    [
      'APIError',
      APIError as never,
      () =>
        testingTokensCreate(
          coreFor(() => new Response(CANARY, { status: 500 })),
          NONE,
        ),
    ],
    ['SDKValidationError', SDKValidationError, () => testingTokensCreate(coreFor(page))],
    [
      'SDKValidationError',
      SDKValidationError,
      () => testingTokensCreate(coreFor(() => json(200, { token: CANARY }))),
    ],
    [
      'ConnectionError',
      ConnectionError,
      () =>
        testingTokensCreate(
          coreFor(() => new TypeError('fetch failed')),
          NONE,
        ),
    ],
    [
      'RequestAbortedError',
      RequestAbortedError,
      () => testingTokensCreate(coreFor(page), { signal: aborted }),
    ],
    [
      'RequestTimeoutError',
      RequestTimeoutError,
      () =>
        testingTokensCreate(
          new MintmarkCore({ secretKey: 'sk_canary', fetch: () => new Promise(() => {}), timeoutMs: 5 }),
        ),
    ],
    [
      'InvalidRequestError',
      InvalidRequestError,
      () => testingTokensCreate(new MintmarkCore({ fetch: scriptedFetch(page).fetch })),
    ],
  ]

  it.each(FAILURES)('such as %s is known by class, code and name', async (name, type, call) => {
    const { error } = await call()
    expect(error).toBeInstanceOf(type)
    expect(error).toBeInstanceOf(MintmarkError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name, code: expect.stringMatching(/^[a-z_]+$/) })
    expect(String(error)).toBe(`${name}: ${error!.message}`)
  })

  // Errors are logged, and a body may be a token.
  it.each(FAILURES)('such as %s shows no key, token or body', async (_, __, call) => {
    const { error } = await call()
    for (const text of [String(error), error!.stack, JSON.stringify(error), inspect(error, { depth: 9 })]) {
      expect(text).not.toContain('canary')
    }
  })

  it('is thrown by the class and returned by the function', async () => {
    const client = new sdk.Mintmark({
      secretKey: 'sk_x',
      fetch: scriptedFetch(() => refusal(404, 'x')).fetch,
    })
    const thrown = await reasonOf(client.actorTokens.revoke({ actorTokenId: 'act_1' }))
    expect(thrown).toBeInstanceOf(ClerkErrors)
    expect(thrown).toBeInstanceOf(sdk.errors.ClerkErrors)
  })

  it('has the same names from each entry', () => {
    expect(sdk.errors.APIError).toBe(APIError)
    expect(sdk.APIError).toBe(APIError)
    expect(sdk.Clerk).toBe(sdk.Mintmark)
    expect(sdk.ClerkCore).toBe(MintmarkCore)
  })
})
