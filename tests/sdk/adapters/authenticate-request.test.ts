/** Against a real authority: each kind it issues, verified where it is accepted. */
import { authenticateRequest, createAuthenticator, Mintmark, type AcceptsToken } from '@mintmark/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorld, type World } from '../../http/world.ts'
import { startAuthority, type TestAuthority } from '../../support/authority.ts'
import { authorityFetch, json, refusal, scriptedFetch, type RecordingFetch } from '../support.ts'

let authority: TestAuthority
let world: World
let recording: RecordingFetch

beforeAll(async () => {
  authority = await startAuthority()
  world = await createWorld(authority)
  recording = authorityFetch(authority)
})
afterAll(() => authority.close())

const requestWith = (token: string): Request =>
  new Request('https://api.example.com/jobs', { headers: { authorization: `bearer ${token}` } })
const instanceClient = () => new Mintmark({ secretKey: authority.first.secretKey, fetch: recording.fetch })
const machineClient = (machineSecretKey: string) => new Mintmark({ machineSecretKey, fetch: recording.fetch })
const issuer = 'http://127.0.0.1:4100'
const now = () => authority.clock.now()
const stateOf = (token: string, acceptsToken: AcceptsToken, options: object = {}) =>
  authenticateRequest(requestWith(token), { acceptsToken, client: instanceClient(), issuer, now, ...options })

describe('authenticateRequest, with the client of an instance', () => {
  it('accepts an M2M token of either format for the machine that it is from', async () => {
    for (const token of [world.tokens.m2mOpaque, world.tokens.m2mJwt]) {
      const state = await stateOf(token, 'm2m_token')
      expect(state).toMatchObject({ isAuthenticated: true, tokenType: 'm2m_token' })
      const auth = state.toAuth()
      expect(auth).toMatchObject({
        isAuthenticated: true,
        tokenType: 'm2m_token',
        id: expect.stringMatching(/^mt_/),
        subject: world.issuer.id,
        machineId: world.issuer.id,
        userId: null,
        sessionId: null,
        scopes: [world.reader.id],
      })
      expect(
        auth.tokenType === 'm2m_token' && [auth.hasScope(world.reader.id), auth.hasScope('mch_x')],
      ).toEqual([true, false])
    }
  })

  it('accepts a machine token, whatever else is accepted', async () => {
    for (const accepts of ['machine_token', ['machine_token', 'm2m_token'], 'any'] as const) {
      const auth = (await stateOf(world.tokens.machineToken, accepts)).toAuth()
      expect(auth).toMatchObject({ tokenType: 'machine_token', machineId: world.issuer.id, scopes: null })
    }
  })

  // Stops a token that was made for one purpose from opening another.
  it('refuses what is of a kind that is not accepted, and what is no token to present', async () => {
    const { m2mOpaque, m2mJwt, machineToken, actorTicket, testingToken } = world.tokens
    const rows = [
      [m2mOpaque, 'machine_token', 'token-type-mismatch'],
      [m2mOpaque, ['session_token', 'machine_token'], 'token-type-mismatch'],
      [m2mJwt, 'session_token', 'token-type-mismatch'],
      [m2mJwt, 'machine_token', 'token-type-mismatch'],
      [machineToken, 'm2m_token', 'token-type-mismatch'],
      [actorTicket, 'any', 'jwk-kid-mismatch'],
      [testingToken, 'any', 'token-invalid'],
      [world.issuer.secretKey, 'any', 'token-invalid'],
      [authority.first.secretKey, 'any', 'token-invalid'],
    ] as const
    for (const [token, accepts, reason] of rows) {
      const state = await stateOf(token, accepts)
      expect(state).toMatchObject({ isAuthenticated: false, tokenType: null, status: 401 })
      expect(!state.isAuthenticated && state.reason).toContain(reason)
      expect(state.toAuth()).toMatchObject({ isAuthenticated: false, subject: null })
    }
  })

  it('refuses an opaque token that is unknown, without saying more', async () => {
    expect(
      await stateOf(
        world.ids.secret.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x')),
        'any',
      ),
    ).toMatchObject({
      reason: 'token-invalid',
    })
  })

  it('refuses a token that was revoked, once what is remembered of it is too old', async () => {
    const issuing = machineClient(world.issuer.secretKey)
    const { id, token } = await issuing.m2m.createToken({})
    const authenticator = createAuthenticator({ client: instanceClient(), opaqueMaxAgeMs: 0, now })
    const ask = () => authenticator.authenticate(requestWith(token), { acceptsToken: 'm2m_token' })
    expect((await ask()).isAuthenticated).toBe(true)
    await issuing.m2m.revokeToken({ m2mTokenId: id })
    expect(await ask()).toMatchObject({ isAuthenticated: false, reason: 'token-invalid' })
  })

  // Stops the opaque format from being a way around the audience that a JWT is held to.
  it('holds both formats to the same audience', async () => {
    const { m2mOpaque, m2mJwt } = world.tokens
    for (const token of [m2mOpaque, m2mJwt]) {
      expect(await stateOf(token, 'm2m_token', { audience: world.reader.id })).toMatchObject({
        isAuthenticated: true,
      })
      expect(await stateOf(token, 'm2m_token', { audience: world.stranger.id })).toMatchObject({
        reason: 'token-invalid-audience',
      })
    }
  })

  it('reads the key set once for many requests', async () => {
    const { fetch, sent } = authorityFetch(authority)
    const client = new Mintmark({ secretKey: authority.first.secretKey, fetch })
    const options = { acceptsToken: 'any', client, issuer, now } as const
    for (let at = 0; at < 3; at++) {
      await authenticateRequest(requestWith(world.tokens.machineToken), options)
    }
    expect(sent.map(({ path }) => path)).toEqual(['/v1/jwks'])
  })
})

describe('authenticateRequest, with the client of a machine', () => {
  it('accepts opaque tokens that are meant for the machine, and only those', async () => {
    const ask = (key: string) =>
      authenticateRequest(requestWith(world.tokens.m2mOpaque), {
        client: machineClient(key),
        acceptsToken: 'm2m_token',
      })
    expect((await ask(world.reader.secretKey)).toAuth().machineId).toBe(world.issuer.id)
    expect(await ask(world.stranger.secretKey)).toMatchObject({
      isAuthenticated: false,
      reason: 'token-invalid',
    })
  })

  it('refuses JWTs without an issuer, and takes any for opaque tokens alone', async () => {
    const options = { client: machineClient(world.reader.secretKey), acceptsToken: 'any' } as const
    expect(await authenticateRequest(requestWith(world.tokens.m2mJwt), options)).toMatchObject({
      reason: 'token-type-mismatch',
    })
    expect(createAuthenticator(options).kinds).toEqual(['m2m_token'])
  })
})

describe('authenticateRequest, when nobody can tell', () => {
  const outages = [
    ['the network is broken', () => new TypeError('refused')],
    ['the authority cannot answer', () => refusal(503, 'service_unavailable')],
    ['the own key is not good', () => refusal(401, 'machine_secret_key_invalid')],
    ['a proxy answers', () => new Response('not here', { status: 404 })],
    ['the answer is of another kind', () => json(200, { object: 'user' })],
  ] as const

  // Stops an outage from signing everybody out, and from letting anybody in.
  it.each(outages)('rejects if %s', async (_, answer) => {
    const client = new Mintmark({
      secretKey: 'sk_test_x',
      fetch: scriptedFetch(answer).fetch,
      retryConfig: { strategy: 'none' },
    })
    for (const token of [world.tokens.m2mOpaque, world.tokens.m2mJwt]) {
      const error = await authenticateRequest(requestWith(token), {
        client,
        issuer,
        acceptsToken: 'any',
        now,
      }).catch((error: unknown) => error)
      expect(error).toMatchObject({ name: 'VerificationUnavailableError' })
      expect(String(error)).not.toContain(token)
    }
  })
})

describe('the options of an authenticator', () => {
  it.each([
    ['nothing to verify with', {}],
    ['a key set without its issuer', { jwks: 'https://clerk.example.com/.well-known/jwks.json' }],
    ['an issuer without keys', { issuer }],
  ])('are refused with %s', (_, options) => {
    expect(() => createAuthenticator(options)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it.each([[[]], ['session_token'], [['m2m_token', 'machine_token']]] as const)(
    'are refused if they cannot verify what is accepted: %j',
    async (acceptsToken) => {
      const authenticator = createAuthenticator({ client: instanceClient() })
      await expect(authenticator.authenticate(requestWith('x'), { acceptsToken })).rejects.toMatchObject({
        code: 'invalid_request',
      })
    },
  )
})
