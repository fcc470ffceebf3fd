/** Session tokens of a real authority: by their signature alone, and asked about. */
import { createAuthenticator, Mintmark, type Authenticator, type AuthenticatorOptions } from '@mintmark/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../../support/authority.ts'
import { redeemTicket, type SignedIn } from '../signed-in.ts'
import { authorityFetch, json, refusal, scriptedFetch, type RecordingFetch } from '../support.ts'

const ORIGIN = 'https://app.example.com'
const ISSUER = 'http://127.0.0.1:4100'

let authority: TestAuthority
let recording: RecordingFetch
let client: Mintmark
let userId: string

beforeEach(async () => {
  authority = await startAuthority()
  recording = authorityFetch(authority)
  client = new Mintmark({ secretKey: authority.first.secretKey, fetch: recording.fetch })
  userId = (await client.users.create()).id
})
afterEach(() => authority.close())

async function impersonate(actor: { sub: string; [name: string]: unknown } = { sub: 'user_support' }) {
  const { id, token } = await client.actorTokens.create({ userId, actor, permissions: ['read'] })
  return { actorTokenId: id, ...(await redeemTicket(authority, token!, ORIGIN)) }
}

async function signIn(): Promise<SignedIn> {
  const { token } = await client.signInTokens.create({ userId })
  return redeemTicket(authority, token!, ORIGIN)
}

const authenticatorWith = (options: Partial<AuthenticatorOptions> = {}): Authenticator =>
  createAuthenticator({ client, issuer: ISSUER, now: () => authority.clock.now(), ...options })

const ask = (by: Authenticator, token: string) =>
  by.authenticate(
    new Request('https://app.example.com/', { headers: { authorization: `Bearer ${token}` } }),
    {
      acceptsToken: 'session_token',
    },
  )

const asked = () => recording.sent.filter(({ path }) => path === '/v1/sessions/verify')

describe('a session token', () => {
  it('says who is signed in and in which session, by its signature alone', async () => {
    const { sessionId, token } = await signIn()
    const state = await ask(authenticatorWith(), await token())
    expect(state.toAuth()).toMatchObject({ userId, subject: userId, sessionId, actor: null, machineId: null })
    expect(asked()).toEqual([])
  })

  it('says who really acts, and what the actor may do', async () => {
    const { sessionId, token } = await impersonate({ sub: 'user_support', team_name: 'x' })
    const state = await ask(authenticatorWith(), await token())
    expect(state.toAuth()).toMatchObject({
      userId,
      sessionId,
      actor: { sub: 'user_support', team_name: 'x', permissions: ['read'] },
    })
  })

  it('lets an application keep an actor from what only the user may do', async () => {
    const request = (token: string) =>
      authenticatorWith().authenticate(
        new Request('https://app.example.com/', { headers: { authorization: `Bearer ${token}` } }),
        { acceptsToken: 'session_token', permits: ({ actor }) => actor === null },
      )
    expect(await request(await (await signIn()).token())).toMatchObject({ isAuthenticated: true })
    expect(await request(await (await impersonate()).token())).toMatchObject({
      reason: 'not-permitted',
      status: 403,
    })
  })

  it('is held to the origin it was made for', async () => {
    const token = await (await signIn()).token()
    const forParty = (origin: string) => ask(authenticatorWith({ authorizedParties: [origin] }), token)
    expect(await forParty(ORIGIN)).toMatchObject({ isAuthenticated: true })
    expect(await forParty('https://other.example.com')).toMatchObject({
      reason: 'token-invalid-authorized-parties',
    })
  })

  it('is refused once it is over, and by another issuer', async () => {
    const token = await (await signIn()).token()
    expect(await ask(authenticatorWith({ issuer: 'https://clerk.other.example' }), token)).toMatchObject({
      reason: 'token-invalid-issuer',
    })
    authority.clock.advance(66_000)
    expect(await ask(authenticatorWith(), token)).toMatchObject({ reason: 'token-expired' })
  })

  // What the option is for: without it, nobody hears of the end.
  it('stays good after its session was ended, until it ends itself, where nobody is asked', async () => {
    const { sessionId, token } = await signIn()
    const jwt = await token()
    await client.sessions.revoke({ sessionId })
    expect(await ask(authenticatorWith(), jwt)).toMatchObject({ isAuthenticated: true })
  })
})

describe('a session token that is asked about', () => {
  it('is refused at once when its session is ended, however it is ended', async () => {
    const authenticator = authenticatorWith({ sessionMaxAgeMs: 0 })
    const own = await signIn()
    const acting = await impersonate()
    for (const { token } of [own, acting]) {
      expect(await ask(authenticator, await token())).toMatchObject({ isAuthenticated: true })
    }
    const tokens = [await own.token(), await acting.token()]
    await client.sessions.revoke({ sessionId: own.sessionId })
    await client.actorTokens.end({ actorTokenId: acting.actorTokenId })
    for (const token of tokens) {
      expect(await ask(authenticator, token)).toMatchObject({
        isAuthenticated: false,
        reason: 'token-revoked',
        status: 401,
      })
    }
  })

  it('carries what it says itself: the user, the session and the actor', async () => {
    const { sessionId, token } = await impersonate()
    const state = await ask(authenticatorWith({ sessionMaxAgeMs: 0 }), await token())
    expect(state.toAuth()).toMatchObject({ userId, sessionId, actor: { sub: 'user_support' } })
  })

  it('is asked about by the key of the instance, once in the time that an answer may be old', async () => {
    const token = await (await signIn()).token()
    const authenticator = authenticatorWith({ sessionMaxAgeMs: 60_000 })
    for (const at of [1, 2, 3]) {
      expect(await ask(authenticator, token), String(at)).toMatchObject({ isAuthenticated: true })
    }
    expect(asked()).toHaveLength(1)
    expect(asked()[0]).toMatchObject({
      body: { token },
      headers: { authorization: `Bearer ${authority.first.secretKey}` },
    })
    const always = authenticatorWith({ sessionMaxAgeMs: 0 })
    await ask(always, token)
    await ask(always, token)
    expect(asked()).toHaveLength(3)
  })

  it('costs one question, however many present it at once', async () => {
    const token = await (await signIn()).token()
    const authenticator = authenticatorWith({ sessionMaxAgeMs: 1_000 })
    const states = await Promise.all(Array.from({ length: 20 }, () => ask(authenticator, token)))
    expect(states.every(({ isAuthenticated }) => isAuthenticated)).toBe(true)
    expect(asked()).toHaveLength(1)
  })

  // Stops an answer that is remembered from outliving the absolute end of a session.
  it('is asked about again once its session would have ended', async () => {
    const { id } = await client.sessions.create({ userId })
    const { jwt } = await client.sessions.createToken({ sessionId: id, expiresInSeconds: 700_000 })
    const authenticator = authenticatorWith({ sessionMaxAgeMs: Infinity })
    expect(await ask(authenticator, jwt)).toMatchObject({ isAuthenticated: true })
    authority.clock.advance(604_800_000)
    expect(await ask(authenticator, jwt)).toMatchObject({ reason: 'token-revoked' })
    expect(asked()).toHaveLength(2)
  })

  it('is not asked about unless its signature and its dates are good', async () => {
    const token = await (await signIn()).token()
    const authenticator = authenticatorWith({ sessionMaxAgeMs: 0 })
    await ask(authenticator, `${token.slice(0, -4)}AAAA`)
    authority.clock.advance(66_000)
    await ask(authenticator, token)
    expect(asked()).toEqual([])
  })

  it('is alone in that: a JWT of a machine is verified here, as before', async () => {
    const { jwt } = await client.machineTokens.create({ machineId: 'mch_2abcdefghijklmnopqrstuvwxyz' })
    const request = new Request('https://app.example.com/', { headers: { authorization: `Bearer ${jwt}` } })
    const by = authenticatorWith({ sessionMaxAgeMs: 0 })
    expect(await by.authenticate(request, { acceptsToken: 'any' })).toMatchObject({ isAuthenticated: true })
    expect(asked()).toEqual([])
  })
})

describe('the answer about a session token', () => {
  /** An authenticator whose key set is the authority's, and whose answers are written here. */
  async function answering(answer: () => Response | Error) {
    const { keys } = await client.jwks.get()
    const scripted = new Mintmark({
      secretKey: 'sk_test_x',
      fetch: scriptedFetch(answer).fetch,
      retryConfig: { strategy: 'none' },
    })
    return authenticatorWith({ client: scripted, jwks: { keys }, sessionMaxAgeMs: 0 })
  }

  // Stops an outage from signing everybody out, and from letting somebody in whose session was ended.
  it.each([
    ['the network is broken', () => new TypeError('refused')],
    ['the authority cannot answer', () => refusal(503, 'service_unavailable')],
    ['the own key is not good', () => refusal(401, 'clerk_key_invalid')],
    ['a proxy answers', () => new Response('not here', { status: 404 })],
    ['the answer is of another kind', () => json(200, { object: 'user' })],
  ] as const)('is none if %s: nobody can tell', async (_, answer) => {
    const token = await (await signIn()).token()
    const error = await ask(await answering(answer), token).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'VerificationUnavailableError',
      code: 'authority_unavailable',
      cause: expect.any(Error),
    })
    expect(String(error)).not.toContain(token)
  })

  it('must be about the same session and user, and call the session active', async () => {
    const { sessionId, token } = await signIn()
    const session = {
      object: 'session',
      id: sessionId,
      user_id: userId,
      status: 'active',
      expire_at: authority.clock.now() + 60_000,
    }
    const stateWith = async (change: object) =>
      ask(await answering(() => json(200, { ...session, ...change })), await token())
    expect(await stateWith({})).toMatchObject({ isAuthenticated: true })
    for (const change of [{ id: 'sess_other' }, { user_id: 'user_other' }, { status: 'revoked' }]) {
      expect(await stateWith(change)).toMatchObject({ isAuthenticated: false, reason: 'token-revoked' })
    }
  })
})

describe('sessionMaxAgeMs', () => {
  it.each([
    ['without a client', { client: undefined, jwks: { keys: [] } }],
    ['without an issuer', { issuer: undefined }],
    ['below nothing', { sessionMaxAgeMs: -1 }],
    ['that is no number', { sessionMaxAgeMs: Number.NaN }],
  ])('is refused %s', (_, options) => {
    expect(() => authenticatorWith({ sessionMaxAgeMs: 0, ...options })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })
})
