/** Testing tokens as things that have a name, an end and a number of uses, and that can be taken back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seconds } from '../../packages/server/src/core/time.ts'
import { issueTestingToken } from '../../packages/server/src/tokens/testing-tokens/issue.ts'
import { startAuthority, type Answer, type TestAuthority, type TestInstance } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, PATTERNS } from './support.ts'

let t: TestAuthority

beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const ask = (method: string, path: string, body?: unknown, key = t.first.secretKey) =>
  t.request(method, `/v1/testing_tokens${path}`, { key, body })
const create = (body: unknown = {}) => ask('POST', '', body)
const get = (id: string) => ask('GET', `/${id}`)
const revoke = (id: string) => ask('POST', `/${id}/revoke`, {})
const verify = (token: string) => ask('POST', '/verify', { token })

/** A new one, with its secret. */
async function made(body: object = {}): Promise<{ id: string; token: string }> {
  const { token } = expectSuccess(await create(body))
  return { id: (await newest()).id, token }
}
const newest = async (): Promise<Answer['body']> => expectSuccess(await ask('GET', '?limit=1')).data[0]

describe('issuing a testing token', () => {
  it('keeps its label, its end and its limit, and shows them without the secret', async () => {
    const now = t.clock.now()
    const { token, expires_at } = expectSuccess(
      await create({ label: 'checkout "suite" 😀', max_uses: 3, expires_in_seconds: 60 }),
    )
    expect(expires_at).toBe(now / 1000 + 60)
    const found = await newest()
    expect(found).toStrictEqual({
      object: 'testing_token',
      id: expect.stringMatching(PATTERNS.testingToken),
      label: 'checkout "suite" 😀',
      max_uses: 3,
      uses: 0,
      revoked_at: null,
      expires_at: now / 1000 + 60,
      created_at: now,
    })
    expect(expectSuccess(await get(found.id))).toStrictEqual(found)
    expect(JSON.stringify(found)).not.toContain(token)
  })

  it.each([1, 31_536_000])('lasts %i seconds where that is asked for, to the second', async (seconds) => {
    const { token } = await made({ expires_in_seconds: seconds })
    t.clock.advance(seconds * 1000 - 1)
    expectSuccess(await verify(token))
    t.clock.advance(1)
    expectRefusal(await verify(token), 404, 'resource_not_found')
  })

  it.each([
    ['expires_in_seconds', 'form_param_value_invalid', { expires_in_seconds: 0 }],
    ['expires_in_seconds', 'form_param_value_too_large', { expires_in_seconds: 31_536_001 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: '60' }],
    ['label', 'form_param_type_invalid', { label: 1 }],
    ['label', 'form_param_min_length_exceeded', { label: '' }],
    ['label', 'form_param_max_length_exceeded', { label: 'x'.repeat(256) }],
    ['label', 'form_param_format_invalid', { label: 'a\nb' }],
    ['max_uses', 'form_param_value_invalid', { max_uses: 0 }],
    ['max_uses', 'form_param_value_too_large', { max_uses: 1_000_001 }],
    ['max_uses', 'form_param_type_invalid', { max_uses: 1.5 }],
  ])('refuses a bad %s with 422 %s and issues nothing: %o', async (param, code, body) => {
    expectRefusal(await expectUnchanged(t, () => create(body)), 422, code, param)
  })
})

describe('the list of testing tokens', () => {
  it('is newest first, in pages that say how many there are, without a secret', async () => {
    const all = []
    for (let count = 0; count < 3; count++) all.push(await made({ label: `label ${count}` }))
    const { data, total_count } = expectSuccess(await ask('GET', '?limit=500'))
    expect(total_count).toBe(data.length)
    const ids = data.map(({ id }: Answer['body']) => id)
    expect(ids.slice(0, 3)).toStrictEqual(all.map(({ id }) => id).toReversed())
    const page = expectSuccess(await ask('GET', '?limit=2&offset=1'))
    expect(page).toStrictEqual({ data: data.slice(1, 3), total_count })
    for (const { token } of all) expect(JSON.stringify(data)).not.toContain(token)
  })

  it.each([
    ['limit', 'form_param_value_too_large', '?limit=501'],
    ['offset', 'form_param_format_invalid', '?offset=x'],
    ['label', 'form_param_unknown', '?label=x'],
  ])('refuses a bad %s with 422 %s: %s', async (param, code, query) => {
    expectRefusal(await ask('GET', query), 422, code, param)
  })
})

describe('a testing token with a limit', () => {
  // Stops one run of a suite from being many.
  it('is good as often as it may be, however many ask at once', async () => {
    const { id, token } = await made({ max_uses: 7 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7)
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expectRefusal(answer, 404, 'resource_not_found')
    }
    expect(expectSuccess(await get(id))).toMatchObject({ max_uses: 7, uses: 7 })
  })

  it('has no use counted that was refused', async () => {
    const { id, token } = await made({ max_uses: 5, expires_in_seconds: 60 })
    expectSuccess(await verify(token))
    t.clock.advance(60_000)
    expectRefusal(await verify(token), 404, 'resource_not_found')
    expect(expectSuccess(await get(id)).uses).toBe(1)
  })

  it('counts nothing where there is no limit', async () => {
    const { id, token } = await made()
    for (let count = 0; count < 3; count++) expectSuccess(await verify(token))
    expect(expectSuccess(await get(id)).uses).toBe(0)
  })
})

describe('revoking a testing token', () => {
  it('answers 200 with it, and it is good for nothing any more', async () => {
    const { id, token } = await made({ label: 'leaked' })
    const before = expectSuccess(await get(id))
    t.clock.advance(1_000)
    const revoked = { ...before, revoked_at: t.clock.now() }
    expect(expectSuccess(await revoke(id))).toStrictEqual(revoked)
    expectRefusal(await verify(token), 404, 'resource_not_found')
  })

  it('twice answers as before, and changes nothing', async () => {
    const { id } = await made()
    const revoked = expectSuccess(await revoke(id))
    t.clock.advance(1_000)
    expect(expectSuccess(await expectUnchanged(t, () => revoke(id)))).toStrictEqual(revoked)
  })

  it('by many at once is one event of the audit log', async () => {
    const { id } = await made()
    await Promise.all(Array.from({ length: 10 }, () => revoke(id)))
    const events = await t.authority.storage.read.audit.newest(30)
    expect(events.filter(({ targetId }) => targetId === id).map(({ action }) => action)).toStrictEqual([
      'testing_token.issue',
      'testing_token.revoke',
    ])
  })

  it('is 404 for one that is not there, as getting it is', async () => {
    for (const id of [ABSENT.testingToken, 'tt_1', ABSENT.session, 'constructor']) {
      expectRefusal(await expectUnchanged(t, () => revoke(id)), 404, 'resource_not_found')
      expectRefusal(await get(id), 404, 'resource_not_found')
    }
  })
})

describe('a live instance', () => {
  // Stops what keeps bots out from being switched off where real people sign in.
  it('issues no testing token', async () => {
    const live = await t.addInstance('live')
    const answer = await expectUnchanged(t, () => ask('POST', '', {}, live.secretKey))
    expectRefusal(answer, 400, 'request_invalid_for_environment')
    expect(answer.body.errors[0].long_message).toContain('testingTokensOnLive')
  })

  it('issues and honours them where its operator allows it', async () => {
    const allowing = await startAuthority({ testingTokensOnLive: true })
    try {
      const live: TestInstance = await allowing.addInstance('live')
      const key = live.secretKey
      const { token } = expectSuccess(await allowing.request('POST', '/v1/testing_tokens', { key }))
      const path = '/v1/testing_tokens/verify'
      expectSuccess(await allowing.request('POST', path, { key, body: { token } }))
    } finally {
      await allowing.close()
    }
  })

  it('honours none that was issued while its operator allowed it', async () => {
    const live = await t.addInstance('live')
    const deps = { ...t.authority.deps, testingTokensOnLive: true }
    const caller = { kind: 'operator', instanceId: live.instance.id } as const
    const asked = { lifetime: seconds(60), label: null, maxUses: null }
    const { secret } = await issueTestingToken(deps, { caller, address: null, traceId: 'test' }, asked)
    const answer = await t.request('POST', '/v1/testing_tokens/verify', {
      key: live.secretKey,
      body: { token: secret },
      headers: { 'mintmark-explain': '1' },
    })
    expectRefusal(answer, 404, 'resource_not_found')
    expect(answer.body.errors[0].meta).toStrictEqual({ reason: 'wrong_environment' })
  })
})
