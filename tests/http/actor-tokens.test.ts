import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import {
  ABSENT,
  expectRefusal,
  expectSuccess,
  expectUnchanged,
  NOON,
  PATTERNS,
  readJwt,
  shapeOf,
} from './support.ts'

let t: TestAuthority
let userId: string

beforeAll(async () => {
  t = await startAuthority()
  const user = await t.request('POST', '/v1/users', { key: t.first.secretKey, body: {} })
  userId = expectSuccess(user).id
})
afterAll(() => t.close())

const post = (path: string, body: unknown) => t.request('POST', path, { key: t.first.secretKey, body })
const create = (more: object = {}) =>
  post('/v1/actor_tokens', { user_id: userId, actor: { sub: 'user_support' }, ...more })
const revoke = (id: string, body: unknown = '') => post(`/v1/actor_tokens/${id}/revoke`, body)
const storedToken = (id: string) => t.authority.deps.read.actorTokens.find(t.first.instance.id, id as never)

describe('issuing an actor token', () => {
  it('answers 200 with every field of the wire, times in milliseconds', async () => {
    expect(expectSuccess(await create())).toStrictEqual({
      object: 'actor_token',
      id: expect.stringMatching(PATTERNS.actorToken),
      status: 'pending',
      user_id: userId,
      actor: { sub: 'user_support' },
      token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
      url: expect.stringMatching(/^http:/),
      created_at: NOON,
      updated_at: NOON,
    })
  })

  it('gives a link to the frontend of the instance that carries the ticket', async () => {
    const { token, url } = expectSuccess(await create())
    expect(url).toBe(`http://127.0.0.1:4100/v1/tickets/accept?ticket=${token}`)
  })

  it('gives a link to the own origin of an instance that has one', async () => {
    const other = await t.addInstance('live')
    const key = other.secretKey
    const user = await t.request('POST', '/v1/users', { key, body: {} })
    const body = { user_id: user.body.id, actor: { sub: 'cli:ada@example.com' } }
    const { url } = expectSuccess(await t.request('POST', '/v1/actor_tokens', { key, body }))
    expect(url).toMatch(/^https:\/\/clerk\.instance-2\.example\/v1\/tickets\/accept\?ticket=ey/)
  })

  it('writes a ticket with the claims that are known of tickets, and no kid', async () => {
    const { id, token } = expectSuccess(await create({ expires_in_seconds: 600 }))
    const { header, payload } = readJwt(token)
    expect(header).toStrictEqual({ alg: 'RS256', typ: 'JWT' })
    expect(payload).toStrictEqual({
      eis: 600,
      exp: NOON / 1000 + 600,
      iid: t.first.instance.id,
      sid: id,
      st: 'actor_token',
    })
  })

  it('lasts an hour and opens a session of half an hour, where nothing else is said', async () => {
    const { id } = expectSuccess(await create())
    expect(await storedToken(id)).toMatchObject({ expiresAt: NOON + 3_600_000, sessionMaxDuration: 1800 })
  })

  it('lasts and opens a session as long as is said', async () => {
    const durations = { expires_in_seconds: 1, session_max_duration_in_seconds: 315_360_000 }
    const { id } = expectSuccess(await create(durations))
    expect(await storedToken(id)).toMatchObject({ expiresAt: NOON + 1_000, sessionMaxDuration: 315_360_000 })
  })

  it('keeps the whole actor as it came, names and all', async () => {
    const actor = {
      sub: 'user_support',
      iss: 'clerk-cli',
      additionalProperties: { a_b: 1, aB: [null] },
      __proto: 1,
      act: { sub: 'user_other' },
    }
    const { id, actor: answered } = expectSuccess(await create({ actor }))
    expect(answered).toStrictEqual(actor)
    expect((await storedToken(id))!.actor).toStrictEqual(actor)
  })

  it.each([
    ['user_id', 'form_param_missing', { user_id: undefined }],
    ['user_id', 'form_param_nil', { user_id: null }],
    ['user_id', 'form_param_type_invalid', { user_id: 1 }],
    ['user_id', 'form_param_min_length_exceeded', { user_id: '' }],
    ['user_id', 'form_param_max_length_exceeded', { user_id: `user_${'1'.repeat(251)}` }],
    ['user_id', 'form_param_format_invalid', { user_id: 'user_\n' }],
    ['actor', 'form_param_missing', { actor: undefined }],
    ['actor', 'form_param_value_invalid', { actor: 'user_support' }],
    ['actor', 'form_param_value_invalid', { actor: ['user_support'] }],
    ['actor', 'form_param_value_invalid', { actor: { sub: 'a', more: 'x'.repeat(2_048) } }],
    ['actor.sub', 'form_param_missing', { actor: {} }],
    ['actor.sub', 'form_param_value_invalid', { actor: { sub: null } }],
    ['actor.sub', 'form_param_value_invalid', { actor: { sub: '' } }],
    ['actor.sub', 'form_param_value_invalid', { actor: { sub: 1 } }],
    ['actor.sub', 'form_param_value_invalid', { actor: { sub: 'a\0' } }],
    ['actor.sub', 'form_param_value_invalid', { actor: { sub: 'x'.repeat(256) } }],
    ['expires_in_seconds', 'form_param_value_invalid', { expires_in_seconds: 0 }],
    ['expires_in_seconds', 'form_param_value_invalid', { expires_in_seconds: -1 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: 1.5 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: '60' }],
    ['expires_in_seconds', 'form_param_value_too_large', { expires_in_seconds: 315_360_001 }],
    ['session_max_duration_in_seconds', 'form_param_value_invalid', { session_max_duration_in_seconds: 0 }],
    ['session_max_duration_in_seconds', 'form_param_type_invalid', { session_max_duration_in_seconds: [] }],
    ['status', 'form_param_unknown', { status: 'accepted' }],
    ['id', 'form_param_unknown', { id: ABSENT.actorToken }],
    ['instance_id', 'form_param_unknown', { instance_id: 'ins_1' }],
  ])('refuses a bad %s with 422 %s and issues nothing: %o', async (param, code, more) => {
    expectRefusal(await expectUnchanged(t, () => create(more)), 422, code, param)
  })

  // Stops an operator from hiding behind the user.
  it('refuses an actor that is the user', async () => {
    const answer = await expectUnchanged(t, () => create({ actor: { sub: userId } }))
    expectRefusal(answer, 422, 'form_param_value_invalid', 'actor.sub')
  })

  // Stops a chain of actors that is too long for anyone to read.
  it('refuses an actor of fifty levels', async () => {
    const act = '{"sub":"a","act":'.repeat(50) + '{"sub":"a"}' + '}'.repeat(50)
    const answer = await expectUnchanged(t, () =>
      post('/v1/actor_tokens', `{"user_id":"${userId}","actor":${act}}`),
    )
    expectRefusal(answer, 400, 'request_body_invalid')
  })

  it('is 404 for a user that is not there, and says which', async () => {
    const answer = await expectUnchanged(t, () => create({ user_id: ABSENT.user }))
    expectRefusal(answer, 404, 'resource_not_found')
    expect(answer.body.errors[0].long_message).toContain(ABSENT.user)
  })

  // Stops a secret that was put into the wrong field from reaching a log by way of the answer.
  it('does not repeat a user id that is none', async () => {
    const answer = await create({ user_id: t.first.secretKey })
    expectRefusal(answer, 404, 'resource_not_found')
    expect(JSON.stringify(answer.body)).not.toContain(t.first.secretKey)
  })
})

describe('issuing for users that the authority does not keep', () => {
  let open: TestAuthority
  beforeAll(async () => {
    open = await startAuthority({ acceptUnknownUsers: true })
  })
  afterAll(() => open.close())
  const ask = (user_id: string) =>
    open.request('POST', '/v1/actor_tokens', {
      key: open.first.secretKey,
      body: { user_id, actor: { sub: 'user_support' } },
    })

  it.each([ABSENT.user, 'user_1', 'user_test_ada'])('takes the user id %s', async (id) => {
    expect(expectSuccess(await ask(id)).user_id).toBe(id)
  })

  it.each(['ada', 'user_', 'user-1', 'user_1 ', 'USER_1', 'mch_1', `user_${'1'.repeat(65)}`])(
    'is 404 for "%s", which is no user id',
    async (id) => {
      expectRefusal(await expectUnchanged(open, () => ask(id)), 404, 'resource_not_found')
    },
  )
})

describe('revoking an actor token', () => {
  it.each(['', '{}', '{"ignored":1}'])('answers 200 without the ticket, for the body "%s"', async (body) => {
    const { token: _token, url: _url, ...issued } = expectSuccess(await create())
    t.clock.advance(1_000)
    const revoked = { ...issued, status: 'revoked', updated_at: t.clock.now() }
    expect(expectSuccess(await revoke(issued.id, body))).toStrictEqual(revoked)
  })

  it('works on one that has expired, whose status stays pending until then', async () => {
    const { id } = expectSuccess(await create({ expires_in_seconds: 1 }))
    t.clock.advance(2_000)
    expect(expectSuccess(await revoke(id)).status).toBe('revoked')
  })

  it('twice is 400 and changes nothing', async () => {
    const { id } = expectSuccess(await create())
    expectSuccess(await revoke(id))
    t.clock.advance(1_000)
    const answer = await expectUnchanged(t, () => revoke(id))
    expectRefusal(answer, 400, 'actor_token_cannot_be_revoked_code')
    expect(answer.body.errors[0].long_message).toContain('revoked')
  })

  it('by many at once succeeds for one', async () => {
    const { id } = expectSuccess(await create())
    const answers = await Promise.all(Array.from({ length: 10 }, () => revoke(id)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9)
  })

  it.each([
    ['is not there', ABSENT.actorToken],
    ['is a user', ABSENT.user],
    ['is too short', 'act_1'],
    ['holds an encoded slash', `${ABSENT.actorToken}%2f`],
    ['is a JavaScript property', 'constructor'],
  ])('is 404 if its id %s', async (_what, id) => {
    const answer = await expectUnchanged(t, () => revoke(id))
    expectRefusal(answer, 404, 'resource_not_found')
    expect(shapeOf(answer)).toBe(shapeOf(await revoke(`act_${'4'.repeat(27)}`)))
  })
})
