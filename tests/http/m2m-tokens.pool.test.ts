import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess, expectUnchanged } from './support.ts'
import type { MachineKeys } from './world.ts'

let t: TestAuthority
let reader: MachineKeys
/** A machine of its own for each test, so that each has a pool of its own. */
let issuer: MachineKeys

beforeAll(async () => {
  t = await startAuthority()
  reader = await t.machine(t.first)
})
beforeEach(async () => {
  issuer = await t.machine(t.first, [reader.id])
})
afterAll(() => t.close())

const ask = (body: unknown, key = issuer.secretKey) => t.request('POST', '/v1/m2m_tokens', { key, body })
const issue = async (body: object, key = issuer.secretKey) => expectSuccess(await ask(body, key), 201)

/** A token that may be one of before, an hour long and with half an hour left at least. */
const pooled = (more: object = {}, key = issuer.secretKey) =>
  issue({ seconds_until_expiration: 3600, min_remaining_ttl_seconds: 1800, ...more }, key)

describe('asking for a token with a least remaining life', () => {
  it('gives the same token again, with the same secret, as 201', async () => {
    const first = await pooled({ claims: { role: 'worker' } })
    const again = await expectUnchanged(t, () => pooled({ claims: { role: 'worker' } }))
    expect(again).toStrictEqual(first)
  })

  it('gives a token that was issued without it', async () => {
    const plain = await issue({ seconds_until_expiration: 3600 })
    expect((await pooled()).id).toBe(plain.id)
  })

  it('gives one with exactly that life left, and not with a millisecond less', async () => {
    const first = await pooled()
    t.clock.advance(1_800_000)
    expect((await pooled()).id).toBe(first.id)
    t.clock.advance(1)
    expect((await pooled()).id).not.toBe(first.id)
  })

  it('takes zero for any that is still good', async () => {
    const first = await pooled()
    t.clock.advance(3_599_999)
    expect((await pooled({ min_remaining_ttl_seconds: 0 })).id).toBe(first.id)
    t.clock.advance(1)
    expect((await pooled({ min_remaining_ttl_seconds: 0 })).id).not.toBe(first.id)
  })

  it('does not care for the order of names in claims, however deep', async () => {
    const first = await pooled({ claims: { a: 1, b: { c: [1, 2], d: null } } })
    const again = await pooled({ claims: { b: { d: null, c: [1, 2] }, a: 1 } })
    expect(again.id).toBe(first.id)
  })

  it('takes no claims and null for the same', async () => {
    const first = await pooled()
    expect((await pooled({ claims: null })).id).toBe(first.id)
  })

  it.each([
    ['other claims', { claims: { role: 'admin' } }],
    ['more claims', { claims: { role: 'worker', more: null } }],
    ['no claims', { claims: null }],
    ['claims of another type', { claims: '{"role":"worker"}' }],
    ['claims with a list in another order', { claims: { role: ['b', 'a'] } }],
    ['claims with text for a number', { claims: { role: '1' } }],
  ])('gives another token for %s', async (_what, body) => {
    const issued = [
      await pooled({ claims: { role: 'worker' } }),
      await pooled({ claims: { role: ['a', 'b'] } }),
      await pooled({ claims: { role: 1 } }),
    ]
    const { id } = await pooled(body)
    expect(issued.map((each) => each.id)).not.toContain(id)
  })

  it('gives another token once the scopes of the machine have changed, and the first again when they are back', async () => {
    const first = await pooled()
    const extra = await t.machine(t.first)
    const scopes = `/v1/machines/${issuer.id}/scopes`
    const key = t.first.secretKey
    await t.request('POST', scopes, { key, body: { to_machine_id: extra.id } })
    const second = await pooled()
    expect(second.id).not.toBe(first.id)
    expect(second.scopes).toContain(extra.id)
    await t.request('DELETE', `${scopes}/${extra.id}`, { key })
    expect((await pooled()).id).toBe(first.id)
  })

  it('gives the one with the longest life left', async () => {
    await issue({ seconds_until_expiration: 4000 })
    const longest = await issue({ seconds_until_expiration: 9000 })
    await issue({ seconds_until_expiration: 5000 })
    expect((await pooled()).id).toBe(longest.id)
  })

  it('takes one that never expires for the longest of all', async () => {
    await issue({ seconds_until_expiration: 9000 })
    const endless = await issue({})
    expect((await pooled()).id).toBe(endless.id)
  })

  it('gives a token that never expires again to a machine without a default', async () => {
    const first = await issue({ min_remaining_ttl_seconds: 100_000 })
    expect(first.expiration).toBeNull()
    expect((await issue({ min_remaining_ttl_seconds: 315_360_000 })).id).toBe(first.id)
  })

  // Stops a revoked secret from being handed out again.
  it('never gives a revoked token', async () => {
    const first = await pooled()
    await t.request('POST', `/v1/m2m_tokens/${first.id}/revoke`, { key: issuer.secretKey, body: {} })
    expect((await pooled()).id).not.toBe(first.id)
  })

  // Stops one machine from getting another's secret.
  it('never gives a token of another machine', async () => {
    const first = await pooled()
    const other = await t.machine(t.first, [reader.id])
    expect((await pooled({}, other.secretKey)).id).not.toBe(first.id)
  })

  it('lets two who ask at once have one token', async () => {
    const both = await Promise.all([pooled(), pooled()])
    expect(both[0]).toStrictEqual(both[1])
  })

  it('lets fifty who ask at once have one token', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => pooled()))
    expect(new Set(all.map(({ token }) => token)).size).toBe(1)
  })

  it('issues a new token each time it is not asked for', async () => {
    const first = await issue({ seconds_until_expiration: 3600 })
    expect((await issue({ seconds_until_expiration: 3600 })).id).not.toBe(first.id)
    expect((await issue({ seconds_until_expiration: 3600, min_remaining_ttl_seconds: null })).id).not.toBe(
      first.id,
    )
  })

  it('issues a new JWT each time, whatever it says', async () => {
    const jwt = { token_format: 'jwt', seconds_until_expiration: 60, min_remaining_ttl_seconds: 3600 }
    const [first, second] = [await issue(jwt), await issue(jwt)]
    expect(first.id).not.toBe(second.id)
    expect((await pooled()).id).not.toBe(first.id)
  })
})

describe('the least remaining life', () => {
  it.each([
    ['the lifetime asked for', { seconds_until_expiration: 60, min_remaining_ttl_seconds: 60 }],
    ['more than the lifetime asked for', { seconds_until_expiration: 60, min_remaining_ttl_seconds: 61 }],
    ['more than a fraction of a second', { seconds_until_expiration: 0.5, min_remaining_ttl_seconds: 1 }],
  ])('is refused if it is %s', async (_what, body) => {
    const answer = await expectUnchanged(t, () => ask(body))
    expectRefusal(answer, 400, 'bad_request', 'min_remaining_ttl_seconds')
  })

  it('is compared with the default of the machine where the request says no lifetime', async () => {
    const { secretKey } = await t.machine(t.first, [], { default_token_ttl: 60 })
    const refused = await expectUnchanged(t, () => ask({ min_remaining_ttl_seconds: 60 }, secretKey))
    expectRefusal(refused, 400, 'bad_request', 'min_remaining_ttl_seconds')
    expectSuccess(await ask({ min_remaining_ttl_seconds: 59 }, secretKey), 201)
  })

  it('is refused even where a token that lives long enough is there', async () => {
    await issue({ seconds_until_expiration: 9000 })
    const answer = await ask({ seconds_until_expiration: 60, min_remaining_ttl_seconds: 60 })
    expectRefusal(answer, 400, 'bad_request', 'min_remaining_ttl_seconds')
  })
})
