import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, NOON } from './support.ts'

let t: TestAuthority
beforeEach(async () => {
  t = await startAuthority()
})
afterEach(() => t.close())

const revokeAll = (body: object, key = t.first.secretKey) =>
  t.request('POST', '/v1/m2m_tokens/revoke_all', { key, body })
const issue = async (key: string, body: object = {}) =>
  expectSuccess(await t.request('POST', '/v1/m2m_tokens', { key, body }), 201)
const why = async (token: string) => {
  const headers = { 'mintmark-explain': '1' }
  const answer = await t.request('POST', '/v1/m2m_tokens/verify', {
    key: t.first.secretKey,
    body: { token },
    headers,
  })
  return answer.status === 200 ? 'active' : answer.body.errors[0].meta.reason
}
const JWT = { token_format: 'jwt', seconds_until_expiration: 86_400 }
const REVOCATION = { object: 'm2m_token_revocation', dry_run: false, count: null }

describe('revoking all that a machine issued', () => {
  it('ends those of both formats and no others, at once and for good', async () => {
    const [ours, others] = [await t.machine(t.first), await t.machine(t.first)]
    const ended = [await issue(ours.secretKey), await issue(ours.secretKey, JWT)]
    const kept = [await issue(others.secretKey), await issue(others.secretKey, JWT)]
    const answer = await revokeAll({ subject: ours.id })
    expect(expectSuccess(answer)).toStrictEqual({
      ...REVOCATION,
      subject: ours.id,
      signing_key_id: null,
      revoked_until: NOON,
    })
    for (const { token } of ended) expect(await why(token)).toBe('revoked')
    for (const { token } of kept) expect(await why(token)).toBe('active')
  })

  it('lets what is issued afterwards be good, also in the same millisecond', async () => {
    const { id, secretKey } = await t.machine(t.first)
    expectSuccess(await revokeAll({ subject: id }))
    const tokens = [await issue(secretKey), await issue(secretKey, JWT)]
    for (const { token } of tokens) expect(await why(token)).toBe('active')
  })

  it('has them listed as revoked, and left out unless those are asked for', async () => {
    const { id, secretKey } = await t.machine(t.first)
    const [opaque, jwt] = [await issue(secretKey), await issue(secretKey, JWT)]
    expectSuccess(await revokeAll({ subject: id }))
    for (const [format, token] of Object.entries({ opaque, jwt })) {
      const list = (more: string) =>
        t.request('GET', `/v1/m2m_tokens?subject=${id}&token_format=${format}${more}`, {
          key: t.first.secretKey,
        })
      expect((await list('')).body).toStrictEqual({ m2m_tokens: [], total_count: 0 })
      const { m2m_tokens } = expectSuccess(await list('&revoked=true'))
      expect(m2m_tokens).toMatchObject([{ id: token.id, revoked: true, revocation_reason: null }])
    }
  })

  // Stops the pool from handing a revoked token out again.
  it('does not give one of them out again', async () => {
    const { id, secretKey } = await t.machine(t.first)
    const pooled = { min_remaining_ttl_seconds: 60 }
    const before = await issue(secretKey, pooled)
    expectSuccess(await revokeAll({ subject: id }))
    const after = await issue(secretKey, pooled)
    expect(after.id).not.toBe(before.id)
    expect(await why(after.token)).toBe('active')
    expect((await issue(secretKey, pooled)).id).toBe(after.id)
  })
})

describe('revoking all that a key signed', () => {
  it('ends its JWTs, machine tokens too, and nothing else', async () => {
    const { id, secretKey } = await t.machine(t.first)
    const [opaque, jwt] = [await issue(secretKey), await issue(secretKey, JWT)]
    const kid = t.first.instance.id
    const answer = await revokeAll({ signing_key_id: kid, revocation_reason: 'a laptop' })
    expect(expectSuccess(answer)).toMatchObject({ subject: null, signing_key_id: kid })
    expect([await why(opaque.token), await why(jwt.token)]).toEqual(['active', 'revoked'])
    const [event] = await t.authority.storage.read.audit.newest(1)
    expect(event).toMatchObject({
      action: 'm2m_token.revoke_all',
      targetId: kid,
      reason: `before ${new Date(NOON + 1).toISOString()}: a laptop`,
    })
    const list = `/v1/m2m_tokens?subject=${id}&token_format=jwt`
    expect((await t.request('GET', list, { key: t.first.secretKey })).body.total_count).toBe(0)
  })
})

describe('revoking all that was issued before an instant', () => {
  it('ends those of the instance that were, and none that were issued at it or later', async () => {
    const { secretKey } = await t.machine(t.first)
    const elsewhere = await t.addInstance()
    const other = await t.machine(elsewhere)
    const [old, foreign] = [await issue(secretKey), await issue(other.secretKey)]
    t.clock.advance(10)
    const young = await issue(secretKey)
    expect(expectSuccess(await revokeAll({ issued_before: NOON + 10 })).revoked_until).toBe(NOON + 9)
    expect([await why(old.token), await why(young.token)]).toEqual(['revoked', 'active'])
    const verified = await t.request('POST', '/v1/m2m_tokens/verify', {
      key: elsewhere.secretKey,
      body: { token: foreign.token },
    })
    expect(verified.status).toBe(200)
  })

  // Stops one level of revocation from making another weaker: the latest counts.
  it('counts with those of machine and key, whichever came in which order', async () => {
    const { id, secretKey } = await t.machine(t.first)
    const scopes = { machine: { subject: id }, key: { signing_key_id: t.first.instance.id }, all: {} }
    let expected = NOON
    const step = fc.record({
      scope: fc.constantFrom('machine', 'key', 'all'),
      back: fc.integer({ min: 0, max: 50 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (steps) => {
        t.clock.advance(100)
        const now = t.clock.now()
        const jwt = await issue(secretKey, JWT)
        t.clock.advance(100)
        for (const { scope, back } of steps) {
          const before = now + 25 - back
          expectSuccess(await revokeAll({ ...scopes[scope], issued_before: before }))
          expected = Math.max(expected, before - 1)
        }
        expect(await why(jwt.token)).toBe(jwt.created_at <= expected ? 'revoked' : 'active')
      }),
      { numRuns: 40 },
    )
  })
})

describe('with several nodes, whose clocks are not quite the same', () => {
  const SKEW = 1_000
  let ours: TestAuthority
  beforeEach(async () => {
    ours = await startAuthority({ clockSkew: SKEW as never })
  })
  afterEach(() => ours.close())

  const post = (path: string, key: string, body: object) =>
    ours.request('POST', `/v1/m2m_tokens${path}`, { key, body })
  const verify = async (token: string) =>
    (await post('/verify', ours.first.secretKey, { token })).status === 200

  it('also ends what a node that is ahead has issued, and nothing that is issued afterwards', async () => {
    const { id, secretKey } = await ours.machine(ours.first)
    ours.clock.advance(SKEW)
    const tokens = [
      expectSuccess(await post('', secretKey, {}), 201),
      expectSuccess(await post('', secretKey, JWT), 201),
    ]
    ours.clock.advance(-SKEW)
    for (const { token } of tokens) expect(await verify(token)).toBe(true)
    expectSuccess(await post('/revoke_all', ours.first.secretKey, { subject: id }))
    for (const { token } of tokens) expect(await verify(token)).toBe(false)
    for (const body of [{}, JWT]) {
      const { token } = expectSuccess(await post('', secretKey, body), 201)
      expect(await verify(token)).toBe(true)
    }
  })

  // Stops one revocation by a node whose clock was an hour ahead from making all others empty for an hour.
  it.each(['subject', 'signing_key_id', 'all'])(
    'ends everything however far ahead the one before reached: by %s',
    async (scope) => {
      const { id, secretKey } = await ours.machine(ours.first)
      const whom = { subject: { subject: id }, signing_key_id: { signing_key_id: ours.first.instance.id } }
      const first = { ...whom, all: { subject: id } }[scope]!
      ours.clock.advance(3_600_000)
      expectSuccess(await post('/revoke_all', ours.first.secretKey, first))
      ours.clock.advance(-3_600_000)
      const jwt = expectSuccess(await post('', secretKey, JWT), 201)
      expect(await verify(jwt.token)).toBe(true)
      const second = { ...whom, all: { signing_key_id: ours.first.instance.id } }[scope]!
      expectSuccess(await post('/revoke_all', ours.first.secretKey, second))
      expect(await verify(jwt.token)).toBe(false)
    },
  )

  it('takes an instant that is only ahead by as much as another clock may be', async () => {
    const { id } = await ours.machine(ours.first)
    const before = (issued_before: number) =>
      post('/revoke_all', ours.first.secretKey, { subject: id, issued_before })
    expectSuccess(await before(NOON + SKEW))
    expectRefusal(await before(NOON + SKEW + 1), 400, 'bad_request')
  })
})

describe('a dry run', () => {
  it('counts what is good and would end, and changes nothing', async () => {
    const { id, secretKey } = await t.machine(t.first)
    const tokens = [await issue(secretKey), await issue(secretKey), await issue(secretKey, JWT)]
    await issue(secretKey, { seconds_until_expiration: 0.001 })
    await t.request('POST', `/v1/m2m_tokens/${tokens[1].id}/revoke`, { key: secretKey, body: {} })
    t.clock.advance(5)
    const count = async (body: object) =>
      expectSuccess(await revokeAll({ ...body, dry_run: true })).count as number
    expect(await count({ subject: id })).toBe(2)
    expect(await count({ signing_key_id: t.first.instance.id })).toBe(1)
    expect(await count({ issued_before: NOON })).toBe(0)
    expect(await count({ issued_before: NOON + 1 })).toBe(2)
    expect(await why(tokens[0].token)).toBe('active')
    expectSuccess(await revokeAll({ signing_key_id: t.first.instance.id }))
    expect(await count({ subject: id })).toBe(1)
    expectSuccess(await revokeAll({ subject: id }))
    expect(await count({ subject: id })).toBe(0)
  })

  it('counts as many as there are', async () => {
    const { id } = await t.machine(t.first)
    const { secretKey } = await t.machine(t.first)
    const made = await issue(secretKey)
    const token = (await t.authority.storage.read.m2mTokens.find(t.first.instance.id, made.id))!
    await t.authority.storage.transaction(async ({ m2mTokens }) => {
      for (let n = 0; n < 4_500; n++) {
        const hex = n.toString(16).padStart(32, '0')
        await m2mTokens.insert({ ...token, id: `mt_${hex}` as typeof token.id, subject: id as never })
      }
    })
    expect(expectSuccess(await revokeAll({ subject: id, dry_run: true })).count).toBe(4_500)
  })
})

describe('a request that is wrong changes nothing', () => {
  it.each([
    [{}, 'issued_before'],
    [{ subject: ABSENT.machine, signing_key_id: ABSENT.signingKey }, 'signing_key_id'],
    [{ subject: 'mt_1' }, 'subject'],
    [{ issued_before: -1 }, 'issued_before'],
    [{ issued_before: '2026-01-01' }, 'issued_before'],
    [{ dry_run: 'yes', subject: ABSENT.machine }, 'dry_run'],
    [{ all: true }, 'all'],
  ])('%j', async (body, param) => {
    expectRefusal(await revokeAll(body), 400, 'bad_request', param)
  })

  it('such as one for an instant to come', async () => {
    expectRefusal(await revokeAll({ issued_before: NOON + 1 }), 400, 'bad_request')
  })

  it('such as one for what the instance does not have', async () => {
    const other = await t.addInstance()
    const foreign = await t.machine(other)
    for (const body of [
      { subject: ABSENT.machine },
      { subject: foreign.id },
      { signing_key_id: ABSENT.signingKey },
      { signing_key_id: other.instance.id },
    ]) {
      expectRefusal(await revokeAll(body), 404, 'resource_not_found')
    }
    const token = await issue(foreign.secretKey)
    expect(token.revoked).toBe(false)
  })

  it('such as one with the key of a machine', async () => {
    const { id, secretKey } = await t.machine(t.first)
    const token = await issue(secretKey)
    expect((await revokeAll({ subject: id }, secretKey)).status).toBe(401)
    expect(await why(token.token)).toBe('active')
  })
})
