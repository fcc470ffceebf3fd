import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, PATTERNS, readJwt } from './support.ts'
import { signInWith } from './world.ts'

let t: TestAuthority
let key: string
let userId: string

beforeAll(async () => {
  t = await startAuthority({ frontendUrl: 'https://clerk.site.example' })
  key = t.first.secretKey
  userId = expectSuccess(await post('/v1/users')).id
})
afterAll(() => t.close())

const post = (path: string, body: unknown = {}) => t.request('POST', path, { key, body })
const begin = async (): Promise<string> => expectSuccess(await post('/v1/sessions', { user_id: userId })).id
const issue = (id: string, body: unknown = '') => post(`/v1/sessions/${id}/tokens`, body)
const jwtOf = async (id: string, body: unknown = {}): Promise<string> =>
  expectSuccess(await issue(id, body)).jwt
const verify = (token: unknown, asked = key) =>
  t.request('POST', '/v1/sessions/verify', { key: asked, body: { token } })
const at = () => Math.floor(t.clock.now() / 1000)

async function impersonate(more: object = {}): Promise<string> {
  const actor = { sub: 'user_support' }
  const { token } = expectSuccess(await post('/v1/actor_tokens', { user_id: userId, actor, ...more }))
  return (await signInWith(t, t.first, token)).session
}

describe('issuing a token for a session', () => {
  it('answers 200 with a JWT and nothing else, for a request with a body or without', async () => {
    const id = await begin()
    for (const body of ['', '{}', '{"anything":1}', { expires_in_seconds: null }]) {
      expect(expectSuccess(await issue(id, body))).toStrictEqual({
        object: 'token',
        jwt: expect.stringMatching(PATTERNS.jwt),
      })
    }
  })

  it('writes the claims that published clients look for, good for a minute', async () => {
    const id = await begin()
    t.clock.advance(125_000)
    const { header, payload } = readJwt(await jwtOf(id))
    expect(header).toStrictEqual({
      alg: 'RS256',
      typ: 'JWT',
      kid: t.first.instance.id,
      cat: 'cl_B7d4PD111AAA',
      oiat: at(),
    })
    expect(payload).toStrictEqual({
      exp: at() + 60,
      fva: [2, -1],
      iat: at(),
      iss: 'https://clerk.site.example',
      jti: expect.stringMatching(/^[0-9a-f]{20}$/),
      nbf: at() - 10,
      sid: id,
      sts: 'active',
      sub: userId,
      v: 2,
    })
  })

  it('says who acts and with what permissions, and the whole of it', async () => {
    const actor = { sub: 'user_support', iss: 'desk', act: { sub: 'user_other' } }
    const id = await impersonate({ actor, permissions: ['read', 'comment'] })
    expect(readJwt(await jwtOf(id)).payload.act).toStrictEqual({ ...actor, permissions: ['read', 'comment'] })
  })

  it.each([30, 3_600, 604_000])('lasts %i seconds where that is asked for', async (seconds) => {
    const { payload } = readJwt(await jwtOf(await begin(), { expires_in_seconds: seconds }))
    expect(payload.exp - payload.iat).toBe(seconds)
  })

  it('never outlives its session', async () => {
    const { payload } = readJwt(await jwtOf(await begin(), { expires_in_seconds: 315_360_000 }))
    expect(payload.exp).toBe(at() + 604_800)
  })

  // Stops an impersonation from going on under a token after it was ended.
  it('lasts a minute at most for an actor, and no longer than the session', async () => {
    const id = await impersonate({ session_max_duration_in_seconds: 120 })
    const left = async (body: object) => readJwt(await jwtOf(id, body)).payload.exp - at()
    expect([await left({ expires_in_seconds: 3_600 }), await left({ expires_in_seconds: 30 })]).toEqual([
      60, 30,
    ])
    t.clock.advance(100_000)
    expect(await left({ expires_in_seconds: 3_600 })).toBe(20)
  })

  it('is activity: the session does not end for want of it', async () => {
    const id = await impersonate()
    for (let minutes = 0; minutes < 25; minutes += 5) {
      t.clock.advance(300_000)
      await jwtOf(id)
    }
    t.clock.advance(600_000)
    expectRefusal(await issue(id), 404, 'resource_not_found')
  })

  it.each([
    ['form_param_value_invalid', 29],
    ['form_param_value_too_large', 315_360_001],
    ['form_param_type_invalid', 60.5],
    ['form_param_type_invalid', '60'],
  ])('refuses a bad lifetime with 422 %s: %j', async (code, expires_in_seconds) => {
    const id = await begin()
    const answer = await expectUnchanged(t, () => issue(id, { expires_in_seconds }))
    expectRefusal(answer, 422, code, 'expires_in_seconds')
  })

  it('is 404 for a session that is not there', async () => {
    expectRefusal(await issue(ABSENT.session), 404, 'resource_not_found')
  })
})

describe('verifying a token of a session', () => {
  it('answers 200 with the session', async () => {
    const id = await impersonate()
    const session = expectSuccess(await t.request('GET', `/v1/sessions/${id}`, { key }))
    expect(expectSuccess(await verify(await jwtOf(id)))).toStrictEqual(session)
  })

  // Stops a token from being good on for its minute where the authority is asked.
  it.each<readonly [string, (id: string) => Promise<unknown>]>([
    ['was revoked', (id) => post(`/v1/sessions/${id}/revoke`)],
    ['has lost its user', async () => t.request('DELETE', `/v1/users/${userId}`, { key })],
  ])('is 404 as soon as its session %s', async (_what, end) => {
    userId = expectSuccess(await post('/v1/users')).id
    const id = await impersonate()
    const jwt = await jwtOf(id)
    expectSuccess(await verify(jwt))
    await end(id)
    expectRefusal(await verify(jwt), 404, 'resource_not_found')
    userId = expectSuccess(await post('/v1/users')).id
  })

  it('is 404 from the second on in which it says that it ends', async () => {
    const jwt = await jwtOf(await begin())
    t.clock.advance(readJwt(jwt).payload.exp * 1000 - 1 - t.clock.now())
    expectSuccess(await verify(jwt))
    t.clock.advance(1)
    expectRefusal(await verify(jwt), 404, 'resource_not_found')
  })

  it('is 404 for what is damaged, of another instance, or no token of a session', async () => {
    const id = await begin()
    const jwt = await jwtOf(id)
    const other = await t.addInstance('test')
    const [head, payload, signature] = jwt.split('.')
    const claims = { ...readJwt(jwt).payload, sub: 'user_evil' }
    const changed = Buffer.from(JSON.stringify(claims)).toString('base64url')
    const none = Buffer.from('{"alg":"none","typ":"JWT","cat":"cl_B7d4PD111AAA"}').toString('base64url')
    for (const bad of [
      `${head}.${changed}.${signature}`,
      `${none}.${payload}.`,
      `${head}.${payload}`,
      `${head}.${payload}.${signature}A`,
      `${jwt} `,
      'x',
      id,
    ]) {
      expectRefusal(await verify(bad), 404, 'resource_not_found')
    }
    expectRefusal(await verify(jwt, other.secretKey), 404, 'resource_not_found')
    expectSuccess(await verify(jwt))
  })

  it('tells the instance’s own key holder why, on request', async () => {
    const id = await begin()
    const jwt = await jwtOf(id)
    expectSuccess(await post(`/v1/sessions/${id}/revoke`))
    const body = { token: jwt }
    const answer = await t.request('POST', '/v1/sessions/verify', {
      key,
      body,
      headers: { 'mintmark-explain': '1' },
    })
    expect(answer.body.errors[0].meta).toStrictEqual({ reason: 'revoked' })
  })

  it.each([
    [undefined, 'form_param_missing'],
    [null, 'form_param_nil'],
    [1, 'form_param_type_invalid'],
    ['', 'form_param_min_length_exceeded'],
  ])('is 422 for the token %j', async (token, code) => {
    expectRefusal(await verify(token), 422, code, 'token')
  })

  it('takes no field that it does not know', async () => {
    const answer: Answer = await post('/v1/sessions/verify', { token: 'x', session_id: 'y' })
    expectRefusal(answer, 422, 'form_param_unknown', 'session_id')
  })
})
