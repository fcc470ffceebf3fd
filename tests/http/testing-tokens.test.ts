import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyTestingToken } from '../../packages/server/src/tokens/testing-tokens/verify.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectSuccess, expectUnchanged, NOON } from './support.ts'

let t: TestAuthority

beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const create = (body?: unknown, key = t.first.secretKey) =>
  t.request('POST', '/v1/testing_tokens', { key, body })

describe('issuing a testing token', () => {
  it('answers 200 with its three fields, the end in seconds an hour after the issue', async () => {
    expect(expectSuccess(await create())).toStrictEqual({
      object: 'testing_token',
      token: expect.stringMatching(new RegExp(`^${NOON / 1000}-c_[0-9A-Za-z]{51}$`)),
      expires_at: NOON / 1000 + 3600,
    })
  })

  it('begins with the second of its issue, rounded down, from which the end is counted', async () => {
    t.clock.advance(1_999)
    const { token, expires_at } = expectSuccess(await create())
    expect(token).toMatch(new RegExp(`^${NOON / 1000 + 1}-c_`))
    expect(expires_at).toBe(NOON / 1000 + 1 + 3600)
  })

  it.each(['', '{}', '{"anything":1}'])('takes the body "%s"', async (body) => {
    expect(expectSuccess(await create(body)).object).toBe('testing_token')
  })

  it('takes a request without body and content type', async () => {
    const answer = await edgeOf(t).web(
      new Request('http://127.0.0.1/v1/testing_tokens', {
        method: 'POST',
        headers: { authorization: `Bearer ${t.first.secretKey}` },
      }),
    )
    expectSuccess(answer)
  })

  it.each(['[]', '1', '"x"', '{', '{}{}'])('is 400 for the body %s', async (body) => {
    expectRefusal(await expectUnchanged(t, () => create(body)), 400, 'request_body_invalid')
  })

  it('gives each its own', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => create()))
    expect(new Set(all.map(({ body }) => body.token)).size).toBe(20)
  })

  it('is good to the second that it tells, and not a millisecond longer', async () => {
    const { token, expires_at } = expectSuccess(await create())
    const verdict = () => verifyTestingToken(t.authority.deps, t.first.instance.id, token)
    t.clock.advance(expires_at * 1000 - 1 - t.clock.now())
    expect(await verdict()).toMatchObject({ active: true })
    t.clock.advance(1)
    expect(await verdict()).toStrictEqual({ active: false, reason: 'expired' })
  })

  // Stops a token from being made to look younger than it is.
  it('is not good with another number in front', async () => {
    const { token } = expectSuccess(await create())
    const [seconds, secret] = token.split('-')
    for (const forged of [
      `${Number(seconds) + 1}-${secret}`,
      `0${seconds}-${secret}`,
      `-${secret}`,
      secret,
    ]) {
      const verdict = await verifyTestingToken(t.authority.deps, t.first.instance.id, forged)
      expect(verdict).toStrictEqual({ active: false, reason: 'malformed' })
    }
  })
})

describe('verifying a testing token', () => {
  const verify = (token: unknown, key = t.first.secretKey) =>
    t.request('POST', '/v1/testing_tokens/verify', { key, body: { token } })

  it('answers with its id and its end, and never with the secret', async () => {
    const { token, expires_at } = expectSuccess(await create())
    expect(expectSuccess(await verify(token))).toStrictEqual({
      object: 'testing_token',
      id: expect.stringMatching(/^tt_[0-9a-f]{32}$/),
      expires_at,
    })
  })

  // Stops anyone from learning why a token is not good, or that another instance has it.
  it('is the same 404 for what is expired, made up, or of another instance', async () => {
    const { token } = expectSuccess(await create())
    const other = expectSuccess(await create({}, (await t.addInstance('test')).secretKey)).token
    t.clock.advance(3_600_000)
    const younger = expectSuccess(await create()).token
    const forged = `${younger.slice(0, -1)}${younger.endsWith('a') ? 'b' : 'a'}`
    for (const bad of [token, other, forged, 'x', ' ', token.slice(1)])
      expectRefusal(await verify(bad), 404, 'resource_not_found')
  })

  it.each([
    [undefined, 'form_param_missing'],
    [null, 'form_param_nil'],
    [1, 'form_param_type_invalid'],
    ['', 'form_param_min_length_exceeded'],
    ['x'.repeat(256), 'form_param_max_length_exceeded'],
  ])('is 422 for the token %j', async (token, code) => {
    expectRefusal(await verify(token), 422, code, 'token')
  })
})
