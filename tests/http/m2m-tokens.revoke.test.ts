import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, shapeOf } from './support.ts'
import { createWorld, type World } from './world.ts'

let t: TestAuthority
let world: World

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
})
afterAll(() => t.close())

const issue = async (body: object = {}, key = world.issuer.secretKey) =>
  expectSuccess(await t.request('POST', '/v1/m2m_tokens', { key, body }), 201)
const revoke = (id: string, body: unknown = {}, key = world.issuer.secretKey, base = '/v1') =>
  t.request('POST', `${base}/m2m_tokens/${id}/revoke`, { key, body })
const verify = (token: string) =>
  t.request('POST', '/v1/m2m_tokens/verify', { key: world.reader.secretKey, body: { token } })

describe('revoking an M2M token', () => {
  it.each([
    ['/v1', 'opaque'],
    ['', 'opaque'],
    ['/v1', 'jwt'],
    ['', 'jwt'],
  ])(
    'answers below "%s" with every field of the wire but the secret, for the format %s',
    async (base, format) => {
      const { token: _secret, ...issued } = await issue({ token_format: format, claims: { n: 1 } })
      t.clock.advance(1_000)
      const body = { revocation_reason: 'compromised' }
      expect(expectSuccess(await revoke(issued.id, body, undefined, base))).toStrictEqual({
        ...issued,
        revoked: true,
        revocation_reason: 'compromised',
        updated_at: t.clock.now(),
      })
    },
  )

  it.each([
    ['an empty body', '', null],
    ['no reason', {}, null],
    ['null, as the published client sends it', { revocation_reason: null }, null],
    ['an empty reason', { revocation_reason: '' }, ''],
    ['a long reason', { revocation_reason: 'ä'.repeat(1_000) }, 'ä'.repeat(1_000)],
  ])('takes %s', async (_what, body, reason) => {
    const { id } = await issue()
    expect(expectSuccess(await revoke(id, body)).revocation_reason).toBe(reason)
  })

  it.each(['opaque', 'jwt'])('is seen by the next verification of an %s token', async (token_format) => {
    const { id, token } = await issue({ token_format })
    expectSuccess(await verify(token))
    expectSuccess(await revoke(id))
    expectRefusal(await verify(token), 404, 'resource_not_found')
  })

  it('stays for good, whatever time passes', async () => {
    const { id, token } = await issue()
    await revoke(id)
    for (const years of [1, 10, 100]) {
      t.clock.advance(years * 31_536_000_000)
      expectRefusal(await verify(token), 404, 'resource_not_found')
    }
  })

  // Stops a second revocation from rewriting what an auditor reads about the first.
  it('twice keeps the first reason and the first time, and changes nothing', async () => {
    const { id } = await issue()
    const first = expectSuccess(await revoke(id, { revocation_reason: 'first' }))
    t.clock.advance(60_000)
    const again = await expectUnchanged(t, () => revoke(id, { revocation_reason: 'second' }))
    expect(expectSuccess(again)).toStrictEqual(first)
    const byInstance = await expectUnchanged(t, () => revoke(id, {}, world.instance.secretKey))
    expect(expectSuccess(byInstance)).toStrictEqual(first)
  })

  it('by many at once leaves one reason, one time and one audit event', async () => {
    const { id } = await issue()
    const reasons = Array.from({ length: 20 }, (_, index) => `reason ${index}`)
    const answers = await Promise.all(reasons.map((reason) => revoke(id, { revocation_reason: reason })))
    expect(new Set(answers.map((answer) => expectSuccess(answer).revocation_reason)).size).toBe(1)
    const events = await t.authority.storage.read.audit.newest(100)
    expect(
      events.filter(({ action, targetId }) => action === 'm2m_token.revoke' && targetId === id),
    ).toHaveLength(1)
  })

  it('works on a token that has expired', async () => {
    const { id } = await issue({ seconds_until_expiration: 1 })
    t.clock.advance(1_000)
    expect(expectSuccess(await revoke(id))).toMatchObject({ revoked: true, expired: true })
  })

  it('lets the instance revoke the tokens of all its machines', async () => {
    const { id } = await issue({}, world.stranger.secretKey)
    expect(expectSuccess(await revoke(id, {}, world.instance.secretKey)).revoked).toBe(true)
  })

  it('reads the digits of an id in either case', async () => {
    const { id } = await issue()
    const upper = `mt_${id.slice(3).toUpperCase()}`
    expect(expectSuccess(await revoke(upper))).toMatchObject({ id, revoked: true })
  })

  // Stops a machine from ending another's tokens, and from learning that they exist.
  it('is 404 for another machine, even one in its scopes, exactly as if there were no such token', async () => {
    const { id, token } = await issue()
    for (const { secretKey } of [world.reader, world.stranger]) {
      const answer = await expectUnchanged(t, () => revoke(id, {}, secretKey))
      expectRefusal(answer, 404, 'resource_not_found')
      const absent = await revoke(ABSENT.m2mToken, {}, secretKey)
      expect(shapeOf(answer, [id])).toBe(shapeOf(absent, [ABSENT.m2mToken]))
    }
    expectSuccess(await verify(token))
  })

  it.each([
    ['is not there', ABSENT.m2mToken],
    ['is too short', 'mt_33'],
    ['is too long', `${ABSENT.m2mToken}3`],
    ['has no hex digits', `mt_${'g'.repeat(32)}`],
    ['is a machine', ABSENT.machine],
    ['is the word verify', 'verify'],
    ['is a JavaScript property', '__proto__'],
    ['holds SQL', "mt_'%20or%201=1--"],
    ['holds an encoded slash', `${ABSENT.m2mToken}%2F`],
    ['ends with a NUL', `${ABSENT.m2mToken}%00`],
    ['ends with a line', `${ABSENT.m2mToken}%0A`],
  ])('is 404 if its id %s', async (_what, id) => {
    const answer = await expectUnchanged(t, () => revoke(id, {}, world.instance.secretKey))
    expectRefusal(answer, 404, 'resource_not_found')
  })

  it('does not take the secret for the id', async () => {
    const { token } = await issue()
    const answer = await revoke(token, {}, world.instance.secretKey)
    expectRefusal(answer, 404, 'resource_not_found')
    expect(JSON.stringify(answer.body)).not.toContain(token)
    expectSuccess(await verify(token))
  })

  it.each([
    ['revocation_reason', { revocation_reason: 1 }],
    ['revocation_reason', { revocation_reason: ['x'] }],
    ['revocation_reason', { revocation_reason: 'x'.repeat(1_001) }],
    ['reason', { reason: 'x' }],
    ['revoked', { revoked: false }],
    ['id', { id: ABSENT.m2mToken }],
  ])('is refused with 400 for a bad %s, and the token stays', async (param, body) => {
    const { id, token } = await issue()
    expectRefusal(await expectUnchanged(t, () => revoke(id, body)), 400, 'bad_request', param)
    expectSuccess(await verify(token))
  })
})
