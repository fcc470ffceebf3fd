import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, PATTERNS, shapeOf } from './support.ts'
import { signInWith } from './world.ts'

let t: TestAuthority
let key: string
let userId: string

beforeAll(async () => {
  t = await startAuthority()
  key = t.first.secretKey
  userId = await newUser()
})
afterAll(() => t.close())

const post = (path: string, body: unknown = {}) => t.request('POST', path, { key, body })
const newUser = async (): Promise<string> => expectSuccess(await post('/v1/users')).id
const create = (body: unknown = { user_id: userId }) => post('/v1/sessions', body)
const get = (id: string) => t.request('GET', `/v1/sessions/${id}`, { key })
const revoke = (id: string) => post(`/v1/sessions/${id}/revoke`)
const statusOf = async (id: string) => expectSuccess(await get(id)).status

/** A session that an actor token opened. */
async function impersonate(more: object = {}): Promise<{ session: string; actorToken: Answer['body'] }> {
  const body = { user_id: userId, actor: { sub: 'user_support' }, ...more }
  const actorToken = expectSuccess(await post('/v1/actor_tokens', body))
  const { session } = await signInWith(t, t.first, actorToken.token)
  return { session, actorToken }
}

describe('creating a session', () => {
  it('answers 200 with every field of the wire, times in milliseconds', async () => {
    const now = t.clock.now()
    const session = expectSuccess(await create())
    expect(session).toStrictEqual({
      object: 'session',
      id: expect.stringMatching(PATTERNS.session),
      user_id: userId,
      client_id: expect.stringMatching(PATTERNS.browser),
      actor: null,
      status: 'active',
      last_active_organization_id: null,
      last_active_at: now,
      latest_activity: {
        object: 'session_activity',
        id: session.id.replace('sess_', 'sact_'),
        device_type: null,
        is_mobile: false,
        browser_name: null,
        browser_version: null,
        ip_address: '192.0.2.1',
        city: null,
        country: null,
      },
      expire_at: now + 604_800_000,
      abandon_at: now + 604_800_000,
      created_at: now,
      updated_at: now,
    })
    expect(expectSuccess(await get(session.id))).toStrictEqual(session)
  })

  it('gives each a browser of its own', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => create()))
    expect(new Set(all.map(({ body }) => body.client_id)).size).toBe(10)
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(10)
  })

  it('takes no organization, which is sent as null', async () => {
    expectSuccess(await create({ user_id: userId, active_organization_id: null }))
    const answer = await expectUnchanged(t, () =>
      create({ user_id: userId, active_organization_id: 'org_1' }),
    )
    expectRefusal(answer, 422, 'form_param_type_invalid', 'active_organization_id')
  })

  it.each([
    ['form_param_missing', {}],
    ['form_param_nil', { user_id: null }],
    ['form_param_type_invalid', { user_id: 1 }],
    ['form_param_min_length_exceeded', { user_id: '' }],
    ['form_param_format_invalid', { user_id: 'user_\n' }],
  ])('refuses a bad user_id with 422 %s and begins none: %o', async (code, body) => {
    expectRefusal(await expectUnchanged(t, () => create(body)), 422, code, 'user_id')
  })

  it('is 404 for a user that is not there, or is of another instance', async () => {
    const other = await t.addInstance('test')
    const foreign = expectSuccess(await t.request('POST', '/v1/users', { key: other.secretKey, body: {} })).id
    const refused = async (user_id: string) => {
      const answer = await expectUnchanged(t, () => create({ user_id }))
      expectRefusal(answer, 404, 'resource_not_found')
      return shapeOf(answer, [user_id])
    }
    expect(await refused(foreign)).toBe(await refused(ABSENT.user))
  })

  // Stops whoever has a key from being somebody where real people sign in.
  it('is refused by a live instance', async () => {
    const live = await t.addInstance('live')
    const user = expectSuccess(await t.request('POST', '/v1/users', { key: live.secretKey, body: {} }))
    const answer = await expectUnchanged(t, () =>
      t.request('POST', '/v1/sessions', { key: live.secretKey, body: { user_id: user.id } }),
    )
    expectRefusal(answer, 400, 'request_invalid_for_environment')
  })
})

describe('getting a session', () => {
  it('says who acts, and that it ends sooner without activity', async () => {
    const now = t.clock.now()
    const actor = { sub: 'user_support', iss: 'desk', 'née "x"': [1] }
    const { session } = await impersonate({ actor, session_max_duration_in_seconds: 900 })
    expect(expectSuccess(await get(session))).toMatchObject({
      user_id: userId,
      actor,
      status: 'active',
      expire_at: now + 900_000,
      abandon_at: now + 600_000,
    })
  })

  it('tells no later end without activity than its absolute one', async () => {
    const { session } = await impersonate({ session_max_duration_in_seconds: 60 })
    const { expire_at, abandon_at } = expectSuccess(await get(session))
    expect(abandon_at).toBe(expire_at)
  })

  it('says what has become of it, to the millisecond', async () => {
    const { session } = await impersonate({ session_max_duration_in_seconds: 900 })
    t.clock.advance(599_999)
    expect(await statusOf(session)).toBe('active')
    t.clock.advance(1)
    expect(await statusOf(session)).toBe('abandoned')
    t.clock.advance(300_000)
    expect(await statusOf(session)).toBe('expired')
  })

  it('is 404 for one that is not there, whatever its id looks like', async () => {
    for (const id of [ABSENT.session, 'sess_1', ABSENT.user, 'constructor', `${ABSENT.session}%0a`]) {
      expectRefusal(await get(id), 404, 'resource_not_found')
    }
  })
})

describe('revoking a session', () => {
  it('answers 200 with the session, revoked, and no other token is issued for it', async () => {
    const session = expectSuccess(await create())
    t.clock.advance(1_000)
    const revoked = { ...session, status: 'revoked', updated_at: t.clock.now() }
    expect(expectSuccess(await revoke(session.id))).toStrictEqual(revoked)
    expect(expectSuccess(await get(session.id))).toStrictEqual(revoked)
    expectRefusal(await post(`/v1/sessions/${session.id}/tokens`), 404, 'resource_not_found')
  })

  it('twice answers as before, and changes nothing', async () => {
    const { id } = expectSuccess(await create())
    const revoked = expectSuccess(await revoke(id))
    t.clock.advance(1_000)
    const again = await expectUnchanged(t, () => revoke(id))
    expect(expectSuccess(again)).toStrictEqual(revoked)
  })

  it('by many at once is one event of the audit log', async () => {
    const { id } = expectSuccess(await create())
    const answers = await Promise.all(Array.from({ length: 10 }, () => revoke(id)))
    for (const answer of answers) expect(expectSuccess(answer).status).toBe('revoked')
    const events = await t.authority.storage.read.audit.newest(30)
    const ended = events.filter(({ targetId }) => targetId === id).map(({ action }) => action)
    expect(ended).toStrictEqual(['session.create', 'session.revoke'])
  })

  it('is 404 for one that is not there', async () => {
    for (const id of [ABSENT.session, 'sess_1', `${ABSENT.session}%2f`]) {
      expectRefusal(await expectUnchanged(t, () => revoke(id)), 404, 'resource_not_found')
    }
  })
})

describe('deleting a user', () => {
  it('ends all sessions of the user, of whoever acts, and no other', async () => {
    const leaving = await newUser()
    const own = expectSuccess(await create({ user_id: leaving })).id
    const ended = expectSuccess(await create({ user_id: leaving })).id
    expectSuccess(await revoke(ended))
    const { session: acting } = await impersonate({ user_id: leaving })
    const another = expectSuccess(await create()).id
    expectSuccess(await t.request('DELETE', `/v1/users/${leaving}`, { key }))
    expect(await Promise.all([own, acting, ended, another].map(statusOf))).toStrictEqual([
      'removed',
      'removed',
      'revoked',
      'active',
    ])
    expectRefusal(await post(`/v1/sessions/${own}/tokens`), 404, 'resource_not_found')
  })
})
