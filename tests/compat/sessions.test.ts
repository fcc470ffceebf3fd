import { createClerkClient, verifyToken } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compat, createOtherInstance, readJwt, refusalOf, startCompat } from './support.ts'

let compat: Compat
let other: Awaited<ReturnType<typeof createOtherInstance>>
let userId: string

beforeAll(async () => {
  compat = await startCompat(['--accept-unknown-users', 'false'])
  userId = (await compat.instance.users.createUser({ emailAddress: ['user@example.com'] })).id
  other = await createOtherInstance(compat.server)
})

afterAll(() => compat.close())

const UNKNOWN = `sess_${'0'.repeat(27)}`
const begin = () => compat.instance.sessions.createSession({ userId })

describe('sessions', () => {
  it('begin active, for the user, in a browser of their own', async () => {
    const session = await begin()
    expect(session).toMatchObject({
      id: expect.stringMatching(/^sess_\w{27}$/),
      clientId: expect.stringMatching(/^client_[0-9a-f]{32}$/),
      userId,
      status: 'active',
      actor: null,
      latestActivity: { ipAddress: '127.0.0.1', isMobile: false },
    })
    expect(session.expireAt).toBeGreaterThan(session.createdAt)
    expect(session.abandonAt).toBeLessThanOrEqual(session.expireAt)
    expect(await compat.instance.sessions.getSession(session.id)).toEqual(session)
  })

  it('are listed by user, browser and status, newest first, a page at a time', async () => {
    const made = [await begin(), await begin(), await begin()]
    const { sessions } = compat.instance
    await sessions.revokeSession(made[1]!.id)
    const all = await sessions.getSessionList({ userId, limit: 3 })
    expect(all.data.map(({ id }) => id)).toEqual(made.map(({ id }) => id).toReversed())
    expect(all.totalCount).toBeGreaterThanOrEqual(3)
    const active = await sessions.getSessionList({ userId, status: 'active', limit: 2 })
    expect(active.data.map(({ id }) => id)).toEqual([made[2]!.id, made[0]!.id])
    const { data } = await sessions.getSessionList({ clientId: made[1]!.clientId })
    expect(data.map(({ id, status }) => [id, status])).toEqual([[made[1]!.id, 'revoked']])
    expect((await other.instance.sessions.getSessionList({ userId })).data).toEqual([])
  })

  it('give tokens that the published verifier and authenticateRequest take, by key set and by public key', async () => {
    const { id } = await begin()
    const { jwt } = await compat.instance.sessions.getToken(id, undefined, 120)
    const { header, payload } = readJwt(jwt)
    expect(header).toMatchObject({ alg: 'RS256', typ: 'JWT', cat: 'cl_B7d4PD111AAA' })
    expect(payload).toMatchObject({ sid: id, sub: userId, v: 2, sts: 'active', fva: [0, -1] })
    expect((payload.exp as number) - (payload.iat as number)).toBe(120)
    const { secretKey, server } = compat
    expect(await verifyToken(jwt, { apiUrl: server.url, secretKey })).toMatchObject({ sub: userId })
    expect(await verifyToken(jwt, { jwtKey: server.env.CLERK_JWT_KEY! })).toMatchObject({ sid: id })
    const publishableKey = server.env.CLERK_PUBLISHABLE_KEY!
    const backend = createClerkClient({
      apiUrl: server.url,
      secretKey,
      publishableKey,
      telemetry: { disabled: true },
    })
    const request = new Request('http://app.example', { headers: { authorization: `Bearer ${jwt}` } })
    const state = await backend.authenticateRequest(request)
    expect(state.toAuth()).toMatchObject({ userId, sessionId: id, actor: undefined })
  })

  it('give no token once they are revoked, and stay revoked', async () => {
    const { id } = await begin()
    const { sessions } = compat.instance
    expect((await sessions.revokeSession(id)).status).toBe('revoked')
    expect(await refusalOf(sessions.getToken(id))).toMatchObject({ status: 404, code: 'resource_not_found' })
    expect((await sessions.revokeSession(id)).status).toBe('revoked')
  })

  it('end with their user', async () => {
    const { id } = await compat.instance.users.createUser({ emailAddress: ['gone@example.com'] })
    const session = await compat.instance.sessions.createSession({ userId: id })
    await compat.instance.users.deleteUser(id)
    expect((await compat.instance.sessions.getSession(session.id)).status).toBe('removed')
  })

  it('of another instance, or of no instance, are not there', async () => {
    const { id } = await begin()
    for (const [{ sessions }, wanted] of [
      [other.instance, id] as const,
      [compat.instance, UNKNOWN] as const,
    ]) {
      for (const call of ['getSession', 'revokeSession', 'getToken'] as const) {
        expect(await refusalOf(sessions[call](wanted))).toMatchObject({ status: 404 })
      }
    }
    expect(await refusalOf(compat.instance.sessions.createSession({ userId: 'user_x' }))).toMatchObject({
      status: 404,
    })
  })

  // A 401 makes the client send the browser to the handshake instead.
  it('are not refreshed for who has no refresh token', async () => {
    const { id } = await begin()
    const { jwt } = await compat.instance.sessions.getToken(id)
    const call = compat.instance.sessions.refreshSession(id, {
      expired_token: jwt,
      refresh_token: 'rt_none',
      request_origin: 'http://app.example',
      request_headers: {},
    })
    expect(await refusalOf(call)).toMatchObject({ status: 401, code: 'authentication_invalid' })
  })
})

describe('signInTokens', () => {
  it('are issued pending, with the page that redeems them, and can be revoked once', async () => {
    const { signInTokens } = compat.instance
    const issued = await signInTokens.createSignInToken({ userId, expiresInSeconds: 60 })
    expect(issued).toMatchObject({ id: expect.stringMatching(/^sit_\w{27}$/), userId, status: 'pending' })
    expect(issued.url).toBe(`${compat.server.url}/sign-in?__clerk_ticket=${issued.token}`)
    expect(readJwt(issued.token).payload).toMatchObject({ st: 'sign_in_token', sid: issued.id, eis: 60 })
    expect((await signInTokens.revokeSignInToken(issued.id)).status).toBe('revoked')
    expect(await refusalOf(signInTokens.revokeSignInToken(issued.id))).toMatchObject({
      status: 400,
      code: 'sign_in_token_cannot_be_revoked_code',
    })
  })

  it('are not issued for a user who is not there', async () => {
    const call = compat.instance.signInTokens.createSignInToken({
      userId: `user_${'0'.repeat(27)}`,
      expiresInSeconds: 60,
    })
    expect(await refusalOf(call)).toMatchObject({ status: 404, code: 'resource_not_found' })
  })
})
