/** A session's JWT renewed by an application's server, which has the browser's refresh cookie and no page to ask with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserId, type SessionId } from '../../packages/server/src/core/ids.ts'
import { browserSecretOf } from '../../packages/server/src/directory/browsers/browser.ts'
import { startAuthority, type TestAuthority, type TestInstance } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, PATTERNS, readJwt } from './support.ts'
import { signInWith } from './world.ts'

const ORIGIN = 'https://app.example'

let t: TestAuthority

beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

/** A session at a browser, a JWT of it that is over, and its cookies. */
async function begin(instance: TestInstance = t.first) {
  const post = async (path: string, body: object = {}) =>
    expectSuccess(await t.request('POST', path, { key: instance.secretKey, body }))
  const user = await post('/v1/users')
  const { token } = await post('/v1/sign_in_tokens', { user_id: user.id })
  const { session, secrets } = await signInWith(t, instance, token)
  const { jwt } = await post(`/v1/sessions/${session}/tokens`)
  t.clock.advance(61_000)
  return { id: session, userId: user.id as string, jwt: jwt as string, ...secrets }
}

type Begun = Awaited<ReturnType<typeof begin>>

const renew = ({ id, jwt, refresh }: Begun, more: object = {}, path = id, key = t.first.secretKey) =>
  t.request('POST', `/v1/sessions/${path}/refresh`, {
    key,
    body: { expired_token: jwt, refresh_token: refresh, request_origin: ORIGIN, ...more },
  })

describe('renewing the token of a session', () => {
  it('answers 200 with another JWT, for the origin that the application was asked at', async () => {
    const begun = await begin()
    const { jwt, ...rest } = expectSuccess(await renew(begun))
    expect(rest).toStrictEqual({ object: 'token' })
    expect(jwt).toMatch(PATTERNS.jwt)
    const now = Math.floor(t.clock.now() / 1000)
    expect(readJwt(jwt).payload).toMatchObject({
      azp: ORIGIN,
      sid: begun.id,
      sub: begun.userId,
      exp: now + 60,
    })
    const verified = await t.request('POST', '/v1/sessions/verify', {
      key: t.first.secretKey,
      body: { token: jwt },
    })
    expect(expectSuccess(verified).id).toBe(begun.id)
  })

  it('takes all that published clients send along', async () => {
    const answer = await renew(await begin(), {
      format: 'token',
      request_headers: { cookie: ['a=b'], host: ['app.example'] },
      request_originating_ip: '192.0.2.9',
      suffixed_cookies: true,
    })
    expect(expectSuccess(answer).object).toBe('token')
  })

  it('gives the cookies that an application’s server is to set, where it asks for those', async () => {
    const { object, cookies } = expectSuccess(await renew(await begin(), { format: 'cookie' }))
    expect(object).toBe('cookies')
    expect(cookies).toHaveLength(2)
    const [suffixed, plain] = cookies as [string, string]
    expect(suffixed).toMatch(
      /^__session_[\w-]{8}=ey[\w.-]+; Path=\/; Max-Age=31536000; SameSite=Lax; Secure$/,
    )
    expect(plain).toBe(suffixed.replace(/^__session_[\w-]{8}/, '__session'))
  })

  it('takes a token that has not ended yet, and one that ended long ago', async () => {
    const begun = await begin()
    const { jwt } = expectSuccess(await renew(begun))
    expectSuccess(await renew({ ...begun, jwt }))
    t.clock.advance(500_000_000)
    expectSuccess(await renew(begun))
  })

  it('names no party where the origin is none', async () => {
    const { jwt } = expectSuccess(await renew(await begin(), { request_origin: 'no url' }))
    expect(readJwt(jwt).payload).not.toHaveProperty('azp')
  })

  it('has no more than the scheme, host and port of what it is told as origin', async () => {
    const { jwt } = expectSuccess(await renew(await begin(), { request_origin: `${ORIGIN}:443/path?a=b#c` }))
    expect(readJwt(jwt).payload.azp).toBe(ORIGIN)
  })

  const expectRefused = async (attempt: () => ReturnType<typeof renew>) =>
    expectRefusal(await expectUnchanged(t, attempt), 401, 'authentication_invalid')

  // Stops a JWT that was read from a log, or a cookie alone, from opening the session.
  it.each<readonly [string, (own: Begun, other: Begun) => Parameters<typeof renew>]>([
    ['without a good refresh token', (own) => [{ ...own, refresh: 'x' }]],
    ['with one that is changed', (own) => [{ ...own, refresh: `${own.refresh.slice(0, -1)}_` }]],
    ['with the refresh token of another browser', (own, { refresh }) => [{ ...own, refresh }]],
    ['with the cookie of the browser', (own) => [{ ...own, refresh: own.cookie }]],
    [
      'with that cookie called a refresh token',
      (own) => [{ ...own, refresh: own.cookie.replace('bt_', 'rt_') }],
    ],
    ['without a good JWT', (own) => [{ ...own, jwt: 'x' }]],
    ['with a JWT that is cut', (own) => [{ ...own, jwt: own.jwt.slice(0, -4) }]],
    ['with the JWT of another session', (own, { jwt }) => [{ ...own, jwt }]],
    ['for another session', (own, { id }) => [own, {}, id]],
    ['for a session that is not there', (own) => [own, {}, ABSENT.session]],
  ])('is refused %s', async (_what, attempt) => {
    const [own, other] = [await begin(), await begin()]
    await expectRefused(() => renew(...attempt(own, other)))
    expectSuccess(await renew(own))
  })

  it('is refused for what is of another instance', async () => {
    const other = await t.addInstance('test')
    const foreign = await begin(other)
    await expectRefused(() => renew(foreign))
    const own = await begin()
    await expectRefused(() => renew({ ...own, refresh: foreign.refresh }))
    await expectRefused(() => renew({ ...own, jwt: foreign.jwt }))
    await expectRefused(() => renew(own, {}, own.id, other.secretKey))
  })

  it.each<readonly [string, (begun: Begun) => Promise<unknown>]>([
    ['was revoked', ({ id }) => t.request('POST', `/v1/sessions/${id}/revoke`, { key: t.first.secretKey })],
    [
      'has lost its user',
      ({ userId }) => t.request('DELETE', `/v1/users/${userId}`, { key: t.first.secretKey }),
    ],
    ['is over', async () => t.clock.advance(604_800_000)],
  ])('is refused if the session %s', async (_what, end) => {
    const begun = await begin()
    await end(begun)
    await expectRefused(() => renew(begun))
  })

  // Stops a revocation of all that a key signed from being undone by a token of before.
  it('is refused with a JWT that was revoked with all others of its key', async () => {
    const begun = await begin()
    const body = { signing_key_id: readJwt(begun.jwt).header.kid }
    expectSuccess(await t.request('POST', '/v1/m2m_tokens/revoke_all', { key: t.first.secretKey, body }))
    await expectRefused(() => renew(begun))
    t.clock.advance(1_000)
    expectSuccess(await renew(await begin()))
  })

  // Stops whoever has a master key that was replaced from making refresh tokens for browsers that have come since.
  it('is refused with a refresh token of another master key than the browser’s', async () => {
    const begun = await begin()
    const { storage, deps } = t.authority
    const instanceId = t.first.instance.id
    const now = t.clock.now()
    const browser = {
      id: browserId(deps.ids.uuid()),
      instanceId,
      macKeyId: 2,
      createdAt: now,
      updatedAt: now,
    }
    const old = (await storage.read.sessions.find(instanceId, begun.id as SessionId))!
    const session = { ...old, id: deps.ids.next<SessionId>('sess'), browserId: browser.id }
    await storage.transaction(async ({ masterKeys, browsers, sessions }) => {
      await masterKeys.insert({ id: 2, fingerprint: 'second', createdAt: now })
      await browsers.insert(browser)
      await sessions.insert(session)
    })
    const path = `/v1/sessions/${session.id}/tokens`
    const { jwt } = expectSuccess(await t.request('POST', path, { key: t.first.secretKey, body: {} }))
    const refresh = browserSecretOf(deps.ring, { ...browser, macKeyId: 1 }, 'rt_')
    await expectRefused(() => renew({ ...begun, id: session.id, jwt, refresh }))
  })

  it.each([
    ['expired_token', 'form_param_missing', { expired_token: undefined }],
    ['expired_token', 'form_param_min_length_exceeded', { expired_token: '' }],
    ['refresh_token', 'form_param_missing', { refresh_token: undefined }],
    ['refresh_token', 'form_param_max_length_exceeded', { refresh_token: 'x'.repeat(256) }],
    ['request_origin', 'form_param_missing', { request_origin: undefined }],
    ['request_origin', 'form_param_type_invalid', { request_origin: 1 }],
    ['format', 'form_param_value_invalid', { format: 'jwt' }],
  ])('refuses a bad %s with 422 %s: %o', async (param, code, more) => {
    expectRefusal(await renew(await begin(), more), 422, code, param)
  })
})
