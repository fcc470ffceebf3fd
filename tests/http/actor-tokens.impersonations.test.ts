/** The whole life of an impersonation: what is said of it, the session that it opened, and its end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged } from './support.ts'
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
const create = (more: object = {}) =>
  post('/v1/actor_tokens', { user_id: userId, actor: { sub: 'user_support' }, ...more })
const get = (id: string) => t.request('GET', `/v1/actor_tokens/${id}`, { key })
const list = (query = '') => t.request('GET', `/v1/actor_tokens${query}`, { key })
const end = (id: string, body: unknown = '') => post(`/v1/actor_tokens/${id}/end`, body)
const redeem = async ({ token }: Answer['body']) => (await signInWith(t, t.first, token)).session
const eventsOf = async (...ids: readonly string[]) =>
  (await t.authority.storage.read.audit.newest(100)).filter(({ targetId }) => ids.includes(targetId))

describe('issuing an actor token', () => {
  it('keeps why, where that is written down, and what the actor may do', async () => {
    const said = { reason: 'cannot see "invoices" 😀', ticket: '#4711', permissions: ['read', 'comment'] }
    const { id } = expectSuccess(await create(said))
    expect(expectSuccess(await get(id))).toMatchObject(said)
    const [event] = await eventsOf(id)
    expect(event).toMatchObject({
      action: 'actor_token.issue',
      reason: `as ${userId} by "user_support"; reason: cannot see "invoices" 😀; ticket: #4711`,
    })
  })

  it.each([{}, { reason: null, ticket: null, permissions: null }])('needs none of that: %o', async (more) => {
    const { id } = expectSuccess(await create(more))
    expect(expectSuccess(await get(id))).toMatchObject({ reason: null, ticket: null, permissions: null })
  })

  it.each([
    ['reason', 'form_param_min_length_exceeded', { reason: '' }],
    ['reason', 'form_param_max_length_exceeded', { reason: 'x'.repeat(501) }],
    ['reason', 'form_param_format_invalid', { reason: 'a\nb' }],
    ['ticket', 'form_param_max_length_exceeded', { ticket: 'x'.repeat(256) }],
    ['ticket', 'form_param_type_invalid', { ticket: 1 }],
    ['permissions', 'form_param_type_invalid', { permissions: 'read' }],
    ['permissions', 'form_param_array_size_exceeded', { permissions: Array(21).fill('a') }],
    ['permissions.0', 'form_param_type_invalid', { permissions: [1] }],
    [
      'permissions',
      'form_param_value_invalid',
      { permissions: ['read'], actor: { sub: 'support:grace', permissions: ['write'] } },
    ],
    ['permissions.0', 'form_param_max_length_exceeded', { permissions: ['x'.repeat(65)] }],
  ])('refuses a bad %s with 422 %s and issues nothing: %o', async (param, code, more) => {
    expectRefusal(await expectUnchanged(t, () => create(more)), 422, code, param)
  })
})

describe('getting an actor token', () => {
  it('answers 200 with every field but the ticket, and without a session while it is pending', async () => {
    const now = t.clock.now()
    const { token: _token, url: _url, ...issued } = expectSuccess(await create({ reason: 'why' }))
    expect(expectSuccess(await get(issued.id))).toStrictEqual({
      ...issued,
      reason: 'why',
      ticket: null,
      permissions: null,
      expires_at: now + 3_600_000,
      session_max_duration_in_seconds: 1_800,
      session: null,
    })
  })

  it('has the session that it opened, as it is now', async () => {
    const issued = expectSuccess(await create())
    const id = await redeem(issued)
    const found = expectSuccess(await get(issued.id))
    expect(found.status).toBe('accepted')
    const session = expectSuccess(await t.request('GET', `/v1/sessions/${id}`, { key }))
    expect(found.session).toStrictEqual(session)
    t.clock.advance(600_000)
    expect(expectSuccess(await get(issued.id)).session.status).toBe('abandoned')
  })

  it('is 404 for one that is not there', async () => {
    for (const id of [ABSENT.actorToken, 'act_1', ABSENT.signInToken, 'constructor']) {
      expectRefusal(await get(id), 404, 'resource_not_found')
    }
  })
})

describe('the list of actor tokens', () => {
  it('is newest first, with the sessions that they opened, in pages', async () => {
    const user = await newUser()
    const issued = []
    for (let count = 0; count < 3; count++) issued.push(expectSuccess(await create({ user_id: user })))
    const session = await redeem(issued[1])
    const { data, total_count } = expectSuccess(await list(`?user_id=${user}`))
    expect(total_count).toBe(3)
    expect(data.map(({ id }: Answer['body']) => id)).toStrictEqual(issued.map(({ id }) => id).toReversed())
    expect(data.map((each: Answer['body']) => each.session?.id)).toStrictEqual([
      undefined,
      session,
      undefined,
    ])
    expect(data[1]).toStrictEqual(expectSuccess(await get(issued[1].id)))
    const page = expectSuccess(await list(`?user_id=${user}&limit=1&offset=2`))
    expect(page).toStrictEqual({ data: [data[2]], total_count: 3 })
    expect(JSON.stringify(data)).not.toContain(issued[0].token)
  })

  it('is narrowed by status', async () => {
    const user = await newUser()
    const [pending, accepted, revoked] = await Promise.all(
      Array.from({ length: 3 }, async () => expectSuccess(await create({ user_id: user }))),
    )
    await redeem(accepted)
    expectSuccess(await post(`/v1/actor_tokens/${revoked.id}/revoke`))
    for (const [status, { id }] of Object.entries({ pending, accepted, revoked })) {
      const { data, total_count } = expectSuccess(await list(`?user_id=${user}&status=${status}`))
      expect([total_count, ...data.map((each: Answer['body']) => each.id)]).toStrictEqual([1, id])
    }
  })

  it.each([
    ['status', 'form_param_value_invalid', '?status=expired'],
    ['limit', 'form_param_value_too_large', '?limit=501'],
    ['paginated', 'form_param_unknown', '?paginated=true'],
  ])('refuses a bad %s with 422 %s: %s', async (param, code, query) => {
    expectRefusal(await list(query), 422, code, param)
  })
})

describe('ending an impersonation', () => {
  it('that has not begun revokes its link', async () => {
    const issued = expectSuccess(await create())
    t.clock.advance(1_000)
    const ended = expectSuccess(await end(issued.id))
    expect(ended).toMatchObject({ status: 'revoked', session: null, updated_at: t.clock.now() })
    await expect(redeem(issued)).rejects.toMatchObject({ code: 'actor_token_revoked_code' })
    expect((await eventsOf(issued.id)).map(({ action }) => action)).toStrictEqual([
      'actor_token.issue',
      'actor_token.end',
    ])
  })

  it('that is under way ends its session in the same call, and no other token is issued for it', async () => {
    const issued = expectSuccess(await create())
    const session = await redeem(issued)
    const { jwt } = expectSuccess(await post(`/v1/sessions/${session}/tokens`))
    const ended = expectSuccess(await end(issued.id))
    expect(ended.status).toBe('accepted')
    expect(ended.session).toMatchObject({ id: session, status: 'revoked', updated_at: t.clock.now() })
    expectRefusal(await post(`/v1/sessions/${session}/tokens`), 404, 'resource_not_found')
    expectRefusal(await post('/v1/sessions/verify', { token: jwt }), 404, 'resource_not_found')
  })

  it('is in the audit log with who acted, as whom, why, and who ended it from where', async () => {
    const issued = expectSuccess(await create({ reason: 'invoices', ticket: '#1' }))
    const session = await redeem(issued)
    expectSuccess(await end(issued.id, { reason: 'solved' }))
    const events = (await eventsOf(issued.id, session)).slice(-2)
    for (const event of events) {
      expect(event).toMatchObject({
        callerKind: 'instance',
        callerId: expect.stringMatching(/^key_/),
        address: '192.0.2.1',
        reason: `as ${userId} by "user_support"; reason: invoices; ticket: #1; ended: solved`,
      })
    }
    expect(events.map(({ action, targetId }) => [action, targetId])).toStrictEqual([
      ['session.revoke', session],
      ['actor_token.end', issued.id],
    ])
  })

  it('twice answers as before, and changes nothing', async () => {
    const pending = expectSuccess(await create())
    const under = expectSuccess(await create())
    await redeem(under)
    for (const { id } of [pending, under]) {
      const first = expectSuccess(await end(id))
      t.clock.advance(1_000)
      const again = await expectUnchanged(t, () => end(id))
      expect(expectSuccess(again)).toStrictEqual(first)
    }
  })

  it('whose session its actor has ended leaves that as it is', async () => {
    const issued = expectSuccess(await create())
    const session = await redeem(issued)
    expectSuccess(await post(`/v1/sessions/${session}/revoke`))
    t.clock.advance(1_000)
    expect(expectSuccess(await expectUnchanged(t, () => end(issued.id))).session.status).toBe('revoked')
  })

  // Stops the one who presses "end" from being told so while the link opens a session at the same moment.
  it('while its link is redeemed leaves no session behind, whichever comes first', async () => {
    for (let count = 0; count < 10; count++) {
      const issued = expectSuccess(await create())
      const [redeemed] = await Promise.allSettled([redeem(issued), end(issued.id)])
      const { status, session } = expectSuccess(await get(issued.id))
      expect([status, session?.status]).toStrictEqual(
        redeemed.status === 'fulfilled' ? ['accepted', 'revoked'] : ['revoked', undefined],
      )
    }
  })

  it.each(['', '{}', '{"reason":null}'])('takes the body "%s"', async (body) => {
    expectSuccess(await end(expectSuccess(await create()).id, body))
  })

  it.each([
    ['reason', 'form_param_type_invalid', { reason: 1 }],
    ['reason', 'form_param_max_length_exceeded', { reason: 'x'.repeat(501) }],
    ['session', 'form_param_unknown', { session: 'x' }],
  ])('refuses a bad %s with 422 %s and ends nothing: %o', async (param, code, body) => {
    const { id } = expectSuccess(await create())
    expectRefusal(await expectUnchanged(t, () => end(id, body)), 422, code, param)
  })

  it('is 404 for one that is not there', async () => {
    for (const id of [ABSENT.actorToken, 'act_1', ABSENT.session]) {
      expectRefusal(await expectUnchanged(t, () => end(id)), 404, 'resource_not_found')
    }
  })
})
