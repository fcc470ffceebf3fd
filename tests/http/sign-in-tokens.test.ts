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
import { signInWith } from './world.ts'

let t: TestAuthority
let userId: string

beforeAll(async () => {
  t = await startAuthority({ frontendUrl: 'https://clerk.site.example' })
  userId = expectSuccess(await post('/v1/users', {})).id
})
afterAll(() => t.close())

const post = (path: string, body: unknown, key = t.first.secretKey) => t.request('POST', path, { key, body })
const create = (more: object = {}) => post('/v1/sign_in_tokens', { user_id: userId, ...more })
const revoke = (id: string, body: unknown = '') => post(`/v1/sign_in_tokens/${id}/revoke`, body)
const storedToken = (id: string) => t.authority.deps.read.signInTokens.find(t.first.instance.id, id as never)

describe('issuing a sign-in token', () => {
  it('answers 200 with every field of the wire, times in milliseconds', async () => {
    const issued = expectSuccess(await create())
    expect(issued).toStrictEqual({
      object: 'sign_in_token',
      id: expect.stringMatching(PATTERNS.signInToken),
      status: 'pending',
      user_id: userId,
      token: expect.stringMatching(PATTERNS.jwt),
      url: `https://clerk.site.example/sign-in?__clerk_ticket=${issued.token}`,
      created_at: NOON,
      updated_at: NOON,
    })
  })

  it('gives a link to the application’s own sign-in page, whose query it leaves as it is', async () => {
    const instance = await t.addInstance('live')
    const browsing = {
      allowedOrigins: [],
      signInUrl: 'https://app.example/in?next=%2Fa%26b#top',
      homeUrl: null,
    }
    const { id } = instance.instance
    await t.authority.storage.transaction(({ instances }) => instances.setBrowsing(id, browsing))
    const user = expectSuccess(await post('/v1/users', {}, instance.secretKey))
    const { token, url } = expectSuccess(
      await post('/v1/sign_in_tokens', { user_id: user.id }, instance.secretKey),
    )
    expect(url).toBe(`https://app.example/in?next=%2Fa%26b&__clerk_ticket=${token}#top`)
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
      st: 'sign_in_token',
    })
  })

  it.each([{}, { expires_in_seconds: null }, { org_id: null }])('lasts thirty days for %o', async (more) => {
    const { id } = expectSuccess(await create(more))
    expect((await storedToken(id))!.expiresAt).toBe(NOON + 30 * 86_400_000)
  })

  it.each([1, 315_360_000])('lasts %i seconds where that is asked for', async (expires_in_seconds) => {
    const { id } = expectSuccess(await create({ expires_in_seconds }))
    expect((await storedToken(id))!.expiresAt).toBe(NOON + expires_in_seconds * 1000)
  })

  it.each([
    ['user_id', 'form_param_missing', { user_id: undefined }],
    ['user_id', 'form_param_nil', { user_id: null }],
    ['user_id', 'form_param_type_invalid', { user_id: 1 }],
    ['user_id', 'form_param_min_length_exceeded', { user_id: '' }],
    ['user_id', 'form_param_max_length_exceeded', { user_id: `user_${'1'.repeat(251)}` }],
    ['user_id', 'form_param_format_invalid', { user_id: 'user_\n' }],
    ['expires_in_seconds', 'form_param_value_invalid', { expires_in_seconds: 0 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: 1.5 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: '60' }],
    ['expires_in_seconds', 'form_param_value_too_large', { expires_in_seconds: 315_360_001 }],
    ['org_id', 'form_param_type_invalid', { org_id: 'org_1' }],
  ])('refuses a bad %s with 422 %s and issues nothing: %o', async (param, code, more) => {
    expectRefusal(await expectUnchanged(t, () => create(more)), 422, code, param)
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

describe('revoking a sign-in token', () => {
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

  it('that was revoked or redeemed is 400, says which, and changes nothing', async () => {
    const revoked = expectSuccess(await create())
    expectSuccess(await revoke(revoked.id))
    const redeemed = expectSuccess(await create())
    await signInWith(t, t.first, redeemed.token)
    for (const [id, status] of [
      [revoked.id, 'revoked'],
      [redeemed.id, 'accepted'],
    ]) {
      const answer = await expectUnchanged(t, () => revoke(id))
      expectRefusal(answer, 400, 'sign_in_token_cannot_be_revoked_code')
      expect(answer.body.errors[0].long_message).toContain(status)
    }
  })

  it('by many at once succeeds for one', async () => {
    const { id } = expectSuccess(await create())
    const answers = await Promise.all(Array.from({ length: 10 }, () => revoke(id)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9)
  })

  it.each([
    ['is not there', ABSENT.signInToken],
    ['is an actor token', ABSENT.actorToken],
    ['is too short', 'sit_1'],
    ['holds an encoded slash', `${ABSENT.signInToken}%2f`],
    ['is a JavaScript property', 'constructor'],
  ])('is 404 if its id %s', async (_what, id) => {
    const answer = await expectUnchanged(t, () => revoke(id))
    expectRefusal(answer, 404, 'resource_not_found')
    expect(shapeOf(answer)).toBe(shapeOf(await revoke(`sit_${'4'.repeat(27)}`)))
  })
})
