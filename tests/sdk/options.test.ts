/** What a client and a call can be told, and where they look when they are told nothing. */
import { inspect } from 'node:util'
import { createClient, Mintmark } from '@mintmark/sdk'
import { MintmarkCore } from '@mintmark/sdk/core.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { usersUpdate } from '@mintmark/sdk/funcs/usersUpdate.js'
import { m2mVerifyToken } from '@mintmark/sdk/funcs/m2mVerifyToken.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { json, scriptedFetch, TESTING_TOKEN } from './support.ts'

const good = () => json(200, TESTING_TOKEN)
const KEY = 'sk_test_of_nobody'

afterEach(() => vi.unstubAllEnvs())

describe('the address of the server', () => {
  it.each([
    ['http://127.0.0.1:4100', 'http://127.0.0.1:4100/v1/testing_tokens'],
    ['http://127.0.0.1:4100/', 'http://127.0.0.1:4100/v1/testing_tokens'],
    ['http://127.0.0.1:4100/v1', 'http://127.0.0.1:4100/v1/testing_tokens'],
    ['http://127.0.0.1:4100/v1/', 'http://127.0.0.1:4100/v1/testing_tokens'],
    ['http://127.0.0.1:4100///', 'http://127.0.0.1:4100/v1/testing_tokens'],
    ['https://auth.example/mintmark', 'https://auth.example/mintmark/v1/testing_tokens'],
    ['https://auth.example/mintmark/v1', 'https://auth.example/mintmark/v1/testing_tokens'],
    ['https://auth.example/v10', 'https://auth.example/v10/v1/testing_tokens'],
  ])('may be %s', async (serverURL, expected) => {
    for (const options of [{ serverURL }, { apiUrl: serverURL }]) {
      const { fetch, sent } = scriptedFetch(good)
      await new Mintmark({ secretKey: KEY, fetch, ...options }).testingTokens.create()
      expect(sent[0]!.url).toBe(expected)
    }
    const { fetch, sent } = scriptedFetch(good)
    await new Mintmark({ secretKey: KEY, fetch }).testingTokens.create({ serverURL })
    expect(sent[0]!.url).toBe(expected)
  })

  // A password in an address would come back in the platform's own message, and a query would swallow the path.
  it.each([
    '127.0.0.1:4100',
    'ftp://a',
    'http://',
    'http://a b',
    'http://a?b',
    'http://u:pass@a',
    'http://[a',
  ])('is refused, and not shown, if it is %s', async (serverURL) => {
    const { fetch, sent } = scriptedFetch(good)
    const core = new MintmarkCore({ secretKey: KEY, fetch, serverURL })
    const { error } = await testingTokensCreate(core)
    expect(error).toMatchObject({ name: 'InvalidRequestError' })
    expect(inspect(error)).not.toContain('pass')
    expect(sent).toEqual([])
  })
})

describe('the key of a call', () => {
  it('is asked for at each call if it is a function', async () => {
    const { fetch, sent } = scriptedFetch(good)
    let asked = 0
    const client = new Mintmark({ bearerAuth: () => Promise.resolve(`sk_${++asked}`), fetch })
    await client.testingTokens.create()
    await client.testingTokens.create()
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk_1', 'Bearer sk_2'])
  })

  it('is missing where the function gives none, whatever it does instead', async () => {
    const { fetch, sent } = scriptedFetch(good)
    const core = (bearerAuth: () => Promise<string> | string) => new MintmarkCore({ bearerAuth, fetch })
    expect((await testingTokensCreate(core(() => ''))).error).toMatchObject({ code: 'missing_key' })
    const broken = await testingTokensCreate(core(() => Promise.reject(new Error('vault is shut'))))
    expect(broken.error).toMatchObject({ name: 'InvalidRequestError', cause: new Error('vault is shut') })
    expect(sent).toEqual([])
  })

  it('comes from the environment at the first call that needs it, by our name before the other', async () => {
    const { fetch, sent } = scriptedFetch(good)
    const client = createClient({ fetch })
    vi.stubEnv('CLERK_SECRET_KEY', 'sk_clerk')
    vi.stubEnv('CLERK_API_URL', 'http://127.0.0.1:1')
    await client.testingTokens.create()
    vi.stubEnv('MINTMARK_SECRET_KEY', 'sk_mintmark')
    vi.stubEnv('MINTMARK_API_URL', 'http://127.0.0.1:2/v1')
    await client.testingTokens.create()
    await createClient({ fetch, secretKey: 'sk_given' }).testingTokens.create()
    expect(sent.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['http://127.0.0.1:1/v1/testing_tokens', 'Bearer sk_clerk'],
      ['http://127.0.0.1:2/v1/testing_tokens', 'Bearer sk_mintmark'],
      ['http://127.0.0.1:2/v1/testing_tokens', 'Bearer sk_given'],
    ])
  })

  it('is looked for in no environment where the platform has none', async () => {
    const { fetch, sent } = scriptedFetch(good)
    vi.stubEnv('MINTMARK_SECRET_KEY', 'sk_mintmark')
    vi.stubGlobal('process', undefined)
    const [without, given] = await Promise.all([
      testingTokensCreate(new MintmarkCore({ fetch })),
      testingTokensCreate(new MintmarkCore({ fetch, secretKey: KEY })),
    ]).finally(() => vi.unstubAllGlobals())
    expect(without.error).toMatchObject({ code: 'missing_key' })
    expect(given.ok).toBe(true)
    expect(sent[0]!.url).toBe('http://127.0.0.1:4100/v1/testing_tokens')
  })

  it("is a machine's for its own calls only: given with the call, the client's, the environment's", async () => {
    const { fetch, sent } = scriptedFetch(() => json(200, { object: 'machine_to_machine_token' }))
    vi.stubEnv('CLERK_MACHINE_SECRET_KEY', 'ak_clerk')
    const bare = createClient({ fetch, secretKey: KEY, serverURL: 'http://127.0.0.1:1' })
    await bare.m2m.createToken()
    vi.stubEnv('MINTMARK_MACHINE_SECRET_KEY', 'ak_mintmark')
    await bare.m2m.createToken()
    const client = createClient({ fetch, secretKey: KEY, machineSecretKey: 'ak_client' })
    await client.m2m.createToken()
    await client.m2m.createToken({ machineSecretKey: 'ak_call' })
    await client.m2m.verifyToken({ token: 'mt_x', machineSecretKey: 'ak_call' })
    expect(sent.map(({ headers }) => headers.authorization!.slice('Bearer '.length))).toEqual([
      'ak_clerk',
      'ak_mintmark',
      'ak_client',
      'ak_call',
      'ak_call',
    ])
    expect(sent[4]!.body).toEqual({ token: 'mt_x' })
  })

  it("is an instance's where a machine has none but need not ask, and never to issue", async () => {
    const { fetch, sent } = scriptedFetch(() => json(200, { object: 'machine_to_machine_token' }))
    const core = new MintmarkCore({ fetch, secretKey: KEY })
    await m2mVerifyToken(core, { token: 'mt_x' })
    expect(sent[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    await expect(createClient({ fetch, secretKey: KEY }).m2m.createToken()).rejects.toMatchObject({
      code: 'missing_key',
    })
    expect(sent).toHaveLength(1)
  })

  // The platform's own error for such a header shows the header.
  it.each(['sk_test_canary\nx', 'sk_test_canary\r\nx: y', 'sk_test_canary…', 'sk_test_canary\0'])(
    'is not shown if it is %j, which no header can hold',
    async (secretKey) => {
      const { fetch, sent } = scriptedFetch(good)
      const { error } = await testingTokensCreate(new MintmarkCore({ fetch, secretKey }))
      expect(error).toMatchObject({ name: 'InvalidRequestError', code: 'invalid_header' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
      expect(sent).toEqual([])
    },
  )

  it('may end with a newline, as keys that are read from a file do', async () => {
    const { fetch, sent } = scriptedFetch(good)
    await new Mintmark({ fetch, secretKey: `${KEY}\n` }).testingTokens.create()
    expect(sent[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  it("is not shown if it was put into a header of one's own and no header can hold it", async () => {
    const core = new MintmarkCore({ fetch: scriptedFetch(good).fetch, secretKey: KEY })
    const headers = { authorization: 'Bearer sk_test_canary\nx' }
    const { error } = await testingTokensCreate(core, { fetchOptions: { headers } })
    expect(error).toMatchObject({ name: 'InvalidRequestError' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
  })
})

describe('a client that is logged', () => {
  it('shows no key', () => {
    const client = new Mintmark({
      secretKey: 'sk_canary',
      machineSecretKey: 'ak_canary',
      bearerAuth: 'canary',
    })
    for (const text of [
      inspect(client, { depth: 9, showHidden: true }),
      JSON.stringify(client),
      String(client),
      Object.keys(client).join(),
    ]) {
      expect(text).not.toContain('canary')
    }
  })
})

describe('the id in a path', () => {
  // `../machines` would be another operation, with the same key.
  it.each(['', '../machines', 'a/b', 'a?b', 'a#b', '%2e%2e', '..', undefined, null])(
    'is refused if it is %j',
    async (userId) => {
      const { fetch, sent } = scriptedFetch(good)
      const core = new MintmarkCore({ secretKey: KEY, fetch })
      const result = await usersUpdate(core, { userId: userId as string, firstName: 'x' })
      expect(result.error).toMatchObject({ name: 'InvalidRequestError', code: 'invalid_request' })
      expect(sent).toEqual([])
    },
  )
})

describe('a value that is not JSON', () => {
  it('is refused before anything is sent', async () => {
    const { fetch, sent } = scriptedFetch(good)
    const core = new MintmarkCore({ secretKey: KEY, fetch })
    const circular: Record<string, unknown> = {}
    circular.self = circular
    for (const publicMetadata of [{ n: 1n }, circular]) {
      const { error } = await usersUpdate(core, { userId: 'user_1', publicMetadata })
      expect(error).toMatchObject({ name: 'InvalidRequestError' })
    }
    expect(sent).toEqual([])
  })
})

describe('fetchOptions', () => {
  it('adds headers, which win over those of the package', async () => {
    const { fetch, sent } = scriptedFetch(good)
    const headers = new Headers({ 'x-extra': '1', accept: 'application/problem+json' })
    await new Mintmark({ secretKey: KEY, fetch }).testingTokens.create({ fetchOptions: { headers } })
    expect(sent[0]!.headers).toMatchObject({
      'x-extra': '1',
      accept: 'application/problem+json',
      authorization: `Bearer ${KEY}`,
    })
  })

  it('cannot change method and body', async () => {
    const { fetch, sent } = scriptedFetch(good)
    const fetchOptions = { method: 'DELETE', body: '"x"', cache: 'no-store' } as object
    await new Mintmark({ secretKey: KEY, fetch }).testingTokens.create({ fetchOptions })
    expect(sent[0]).toMatchObject({ method: 'POST', body: undefined })
  })
})

describe('a logger', () => {
  it('gets each attempt, and no key, token, body or filter', async () => {
    const { fetch } = scriptedFetch(
      () => json(503, { errors: [{ code: 'service_unavailable', message: 'canary' }] }),
      () => json(200, []),
    )
    const lines: unknown[] = []
    const logger = { debug: (...line: readonly unknown[]) => void lines.push(line) }
    const client = new Mintmark({ secretKey: 'sk_canary', fetch, logger })
    const retries = { strategy: 'backoff', backoff: { initialInterval: 1 } } as const
    await client.users.list({ emailAddress: ['canary@example.com'] }, { retries })
    expect(lines).toEqual([
      [
        'mintmark call',
        expect.objectContaining({
          method: 'GET',
          path: '/v1/users',
          attempt: 0,
          outcome: 'service_unavailable',
        }),
      ],
      [
        'mintmark call',
        expect.objectContaining({ attempt: 1, outcome: 'ok', elapsedMs: expect.any(Number) }),
      ],
    ])
    expect(JSON.stringify(lines)).not.toContain('canary')
  })
})
