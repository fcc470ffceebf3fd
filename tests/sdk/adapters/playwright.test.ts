import { Mintmark } from '@mintmark/sdk'
import { attachTestingToken, testingTokenFixture, type TestingTarget } from '@mintmark/sdk/playwright'
import { describe, expect, it } from 'vitest'
import { json, refusal, scriptedFetch } from '../support.ts'
import { fakeContext, type FakeContext } from './fake-context.ts'

const TOKEN = '1700000000-c_abc'
const FAPI = 'https://clerk.example.com'
const APP = 'http://127.0.0.1:3000'
const API = 'http://127.0.0.1:4000'

async function contextWith(targets: TestingTarget | readonly TestingTarget[]): Promise<FakeContext> {
  const context = fakeContext()
  await attachTestingToken(context, targets)
  return context
}

/** Makes `token-1`, `token-2` and so on, each of which lives as long as the list says. */
function clientWith(lifetimes: readonly number[]) {
  let made = 0
  const { fetch, sent } = scriptedFetch(() => {
    const lifetime = lifetimes[Math.min(made, lifetimes.length - 1)]!
    const expires_at = Math.floor(Date.now() / 1000) + lifetime
    return json(200, { object: 'testing_token', token: `token-${++made}`, expires_at })
  })
  return { client: new Mintmark({ secretKey: 'sk_test_x', fetch }), sent }
}

describe('a testing token at a Frontend API', () => {
  it.each([
    [FAPI, `${FAPI}/v1/client`],
    ['clerk.example.com', `${FAPI}/v1/client/sign_ins`],
    ['127.0.0.1:4443', 'https://127.0.0.1:4443/v1/environment'],
    ['http://127.0.0.1:4100', 'http://127.0.0.1:4100/v1/client'],
    ['https://clerk.example.com:443/', `${FAPI}/v1/client`],
    ['https://CLERK.example.com', `${FAPI}/v1/client`],
  ])('of %s goes into the query', async (api, url) => {
    const context = await contextWith({ token: TOKEN, frontendApis: [api] })
    expect((await context.request(url)).url).toBe(`${url}?__clerk_testing_token=${TOKEN}`)
  })

  it('leaves the rest of the query as it is, and takes the place of another one', async () => {
    const context = await contextWith({ token: TOKEN, frontendApis: [FAPI] })
    const { url } = await context.request(`${FAPI}/v1/client?a=%20~b&__clerk_testing_token=old&c=`)
    expect(url).toBe(`${FAPI}/v1/client?a=%20~b&c=&__clerk_testing_token=${TOKEN}`)
  })

  // Stops a token from reaching whoever has a similar name, or another service of the same host.
  it.each([
    'https://clerk.example.com.evil.example/v1/client',
    'https://evil.example/v1/client?u=https://clerk.example.com/v1/',
    'https://clerk.example.com@evil.example/v1/client',
    'http://clerk.example.com/v1/client',
    'https://clerk.example.com:8443/v1/client',
    'https://sub.clerk.example.com/v1/client',
    'https://clerk.example.com/npm/clerk.js',
    'https://clerk.example.com/v10/client',
  ])('is not sent to %s', async (url) => {
    const context = await contextWith({ token: TOKEN, frontendApis: [FAPI], app: [APP] })
    expect(await context.request(url)).toEqual({ url, cookie: null })
  })

  it('is of the instance whose address it is', async () => {
    const context = await contextWith([
      { token: 'one', frontendApis: [FAPI, 'http://127.0.0.1:4100'] },
      { token: 'two', frontendApis: ['https://clerk.other.example'] },
    ])
    const tokenAt = async (origin: string) =>
      new URL((await context.request(`${origin}/v1/client`)).url).searchParams.get('__clerk_testing_token')
    expect(await tokenAt(FAPI)).toBe('one')
    expect(await tokenAt('http://127.0.0.1:4100')).toBe('one')
    expect(await tokenAt('https://clerk.other.example')).toBe('two')
  })
})

describe('a testing token at the application', () => {
  it('is in a cookie that pages cannot read', async () => {
    const context = await contextWith({ token: TOKEN, app: [APP] })
    expect(context.cookies).toEqual([
      { name: '__clerk_testing_token', value: TOKEN, url: APP, httpOnly: true, sameSite: 'Lax' },
    ])
    for (const visit of [{}, { from: `${APP}/page` }]) {
      expect(await context.request(`${APP}/data`, visit)).toEqual({ url: `${APP}/data`, cookie: TOKEN })
    }
  })

  it('is in the query of what a page of another origin asks for, which has no cookie', async () => {
    const context = await contextWith({ token: TOKEN, app: [APP, API] })
    expect(await context.request(`${API}/data`, { from: `${APP}/page` })).toEqual({
      url: `${API}/data?__clerk_testing_token=${TOKEN}`,
      cookie: null,
    })
  })

  it('is there also where the application and the Frontend API are one origin', async () => {
    const context = await contextWith({ token: TOKEN, frontendApis: [APP], app: [APP] })
    const url = `${APP}/v1/client`
    expect(await context.request(url)).toEqual({
      url: `${url}?__clerk_testing_token=${TOKEN}`,
      cookie: TOKEN,
    })
  })
})

describe('a testing token in a long suite', () => {
  it('is made once while it is good', async () => {
    const { client, sent } = clientWith([3600])
    const fixture = testingTokenFixture({ client, frontendApis: [FAPI], app: [APP] })
    for (const context of [fakeContext(), fakeContext()]) {
      await fixture({ context }, async (prepared) => {
        const { url } = await prepared.request(`${FAPI}/v1/client`)
        expect(url).toContain('__clerk_testing_token=token-1')
      })
    }
    expect(sent).toHaveLength(1)
  })

  it('is made anew before it ends, in the query and in the cookie', async () => {
    const { client, sent } = clientWith([60, 3600])
    const context = await contextWith({ client, frontendApis: [FAPI], app: [APP] })
    expect(context.cookies[0]!.value).toBe('token-1')
    expect((await context.request(`${APP}/page`)).cookie).toBe('token-2')
    expect((await context.request(`${FAPI}/v1/client`)).url).toContain('=token-2')
    expect(sent).toHaveLength(2)
  })

  it('is asked for once by requests at the same time', async () => {
    const { client, sent } = clientWith([3600])
    const context = await contextWith({ client, frontendApis: [FAPI] })
    await Promise.all([1, 2, 3].map(() => context.request(`${FAPI}/v1/client`)))
    expect(sent).toHaveLength(1)
  })

  it('that cannot be made fails the test, and is tried again by the next', async () => {
    const { fetch } = scriptedFetch(
      () => refusal(401, 'clerk_key_invalid'),
      () => json(200, { object: 'testing_token', token: TOKEN, expires_at: 4_000_000_000 }),
    )
    const target = { client: new Mintmark({ secretKey: 'sk_test_x', fetch }), app: [APP] }
    const fixture = testingTokenFixture(target)
    const run = () => fixture({ context: fakeContext() }, async () => {})
    await expect(run()).rejects.toMatchObject({ code: 'clerk_key_invalid' })
    await expect(run()).resolves.toBeUndefined()
  })
})

describe('a fixture for Playwright', () => {
  it('names what it needs in its text, where Playwright looks', () => {
    const fixture = testingTokenFixture({ token: TOKEN, app: [APP] })
    expect(String(fixture)).toMatch(/^async \(\{ context \}, use\)/)
  })

  it('hands on the context that it was given, with its tokens', async () => {
    const context = fakeContext()
    let used: unknown
    await testingTokenFixture({ token: TOKEN, app: [APP] })({ context }, async (given) => void (used = given))
    expect(used).toBe(context)
    expect(context.cookies).toHaveLength(1)
  })
})

describe('targets', () => {
  it.each([
    ['no origin', { token: TOKEN }],
    ['neither token nor client', { frontendApis: [FAPI] } as unknown as TestingTarget],
    ['a path', { token: TOKEN, frontendApis: [`${FAPI}/v1`] }],
    ['a query', { token: TOKEN, app: [`${APP}?a`] }],
    ['another protocol', { token: TOKEN, app: ['ftp://files.example'] }],
    ['no host', { token: TOKEN, app: ['https://'] }],
    ['a password', { token: TOKEN, app: ['https://me:hunter2@app.example'] }],
    [
      'two tokens for one Frontend API',
      [
        { token: 'a', frontendApis: [FAPI] },
        { token: 'b', frontendApis: ['clerk.example.com'] },
      ],
    ],
    // A cookie has no port, so one application would get the token of the other.
    [
      'two tokens for one host',
      [
        { token: 'a', app: [APP] },
        { token: 'b', app: [API] },
      ],
    ],
  ])('with %s are refused', async (_, targets) => {
    const error: unknown = await contextWith(targets).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'invalid_request' })
    expect(String(error)).not.toContain('hunter2')
  })
})
