import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { KeyId } from '../../packages/server/src/core/ids.ts'
import { generateSigningKey } from '../../packages/server/src/signing/signing-key.ts'
import { openSqlite } from '../../packages/server/src/storage/sqlite.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { BAD, GOOD, signingKeyClient } from './signing-key-client.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, NOON, shapeOf } from './support.ts'

let t: TestAuthority
let ours: ReturnType<typeof signingKeyClient>
beforeEach(async () => {
  t = await startAuthority()
  ours = signingKeyClient(t)
})
afterEach(() => t.close())

const actions = async () =>
  (await ours.events()).map(({ action, targetId, reason }) => [action, targetId, reason])
const verify = (token: string) =>
  t.request('POST', '/v1/m2m_tokens/verify', {
    key: t.first.secretKey,
    body: { token },
    headers: { 'mintmark-explain': '1' },
  })

describe('revoking the key that signs', () => {
  it('ends it at once and has a new one sign in its place', async () => {
    const first = t.first.instance.id
    const old = await ours.issue()
    t.clock.advance(1_000)
    const [before] = await ours.list()
    const revoked = expectSuccess(await ours.revoke(first))
    expect(revoked).toStrictEqual({ ...before, state: 'revoked', revoked_at: NOON + 1_000 })
    const [next] = await ours.published()
    expect(await ours.published()).toStrictEqual([next])
    expect(await ours.verdicts(old)).toStrictEqual(BAD)
    const young = await ours.issue()
    expect(young.kids).toStrictEqual([next, next])
    expect(await ours.verdicts(young)).toStrictEqual(GOOD)
    expect(await ours.states()).toStrictEqual([
      [next, 'active'],
      [first, 'revoked'],
    ])
    expect(await actions()).toStrictEqual([
      ['signing_key.revoke', first, null],
      ['signing_key.rotate', next, `in the place of ${first}`],
    ])
  })

  // Stops whoever has the key from learning whether it is known to have leaked.
  it('has its tokens refused exactly as those with a bad signature', async () => {
    const { m2mJwt: token } = await ours.issue()
    const forged = token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7)
    const bad = shapeOf(await verify(forged))
    expectSuccess(await ours.revoke(t.first.instance.id))
    expect(shapeOf(await verify(token))).toBe(bad)
  })

  it('activates the key that is pending, which others may know already', async () => {
    const pending = await ours.rotate({ activate_in_seconds: 3_600 })
    t.clock.advance(1_000)
    expectSuccess(await ours.revoke(t.first.instance.id))
    expect(await ours.published()).toStrictEqual([pending.id])
    expect((await ours.issue()).kids[0]).toBe(pending.id)
    expect((await ours.list())[0]).toStrictEqual({ ...pending, state: 'active', active_from: NOON + 1_000 })
    // No rotation is pending any more.
    await ours.rotate({})
  })

  it('stays done for a clock that is set back', async () => {
    const old = await ours.issue()
    expectSuccess(await ours.revoke(t.first.instance.id))
    t.clock.advance(-60_000)
    expect(await ours.published()).not.toContain(old.kids[0])
    expect(await ours.verdicts(old)).toStrictEqual(BAD)
    expect((await ours.issue()).kids[0]).toBe((await ours.published())[0])
  })
})

describe('revoking another key', () => {
  it('takes a pending one back, and the key that signs stays without an end', async () => {
    const first = t.first.instance.id
    const pending = await ours.rotate({ activate_in_seconds: 60, overlap_seconds: 60 })
    expectSuccess(await ours.revoke(pending.id))
    t.clock.advance(3_600_000)
    expect(await ours.published()).toStrictEqual([first])
    expect((await ours.issue()).kids[0]).toBe(first)
    expect((await ours.list())[1]).toMatchObject({ id: first, state: 'active', retires_at: null })
    expect(await actions()).toStrictEqual([
      ['signing_key.rotate', pending.id, expect.any(String)],
      ['signing_key.revoke', pending.id, null],
    ])
    await ours.rotate({})
  })

  it('ends one that retires and changes no other', async () => {
    const old = await ours.issue()
    const next = await ours.rotate({ activate_in_seconds: 0 })
    const young = await ours.issue()
    expectSuccess(await ours.revoke(t.first.instance.id))
    expect(await ours.published()).toStrictEqual([next.id])
    expect([await ours.verdicts(old), await ours.verdicts(young)]).toStrictEqual([BAD, GOOD])
    expect((await ours.list())[0]).toStrictEqual(next)
  })
})

describe('revoking a key', () => {
  it('twice is no error, keeps the first time and changes nothing', async () => {
    const first = expectSuccess(await ours.revoke(t.first.instance.id))
    t.clock.advance(5_000)
    const second = await expectUnchanged(t, () => ours.revoke(t.first.instance.id))
    expect(expectSuccess(second)).toStrictEqual(first)
  })

  it('by many at once is done once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ours.revoke(t.first.instance.id)))
    for (const answer of answers) expect(expectSuccess(answer)).toStrictEqual(answers[0]!.body)
    expect(await ours.published()).toHaveLength(1)
    expect(await ours.list()).toHaveLength(2)
    expect(await actions()).toHaveLength(2)
  })

  // Stops one instance from learning of, or ending, the keys of another.
  it('of another instance is 404 exactly as of one that is not there, and changes nothing', async () => {
    const theirs = signingKeyClient(t, await t.addInstance('live'))
    const { id } = await ours.rotate({})
    const absent = await ours.revoke(ABSENT.signingKey)
    expectRefusal(absent, 404, 'resource_not_found')
    for (const foreign of [t.first.instance.id, id]) {
      const answer = await expectUnchanged(t, () => theirs.revoke(foreign))
      expect(shapeOf(answer, [foreign])).toBe(shapeOf(absent, [ABSENT.signingKey]))
    }
  })

  it('of tickets is 404, and so is what cannot be an id', async () => {
    const ticket = (await t.authority.deps.keys.signing(t.first.instance.id, 'ticket')).id
    for (const id of [ticket, 'x', '__proto__', `${t.first.instance.id}0`]) {
      expectRefusal(await expectUnchanged(t, () => ours.revoke(id)), 404, 'resource_not_found')
    }
  })
})

describe('where the revocation is known', () => {
  it('is every other process on the same folder, with its next request', async () => {
    const old = await ours.issue()
    expect(await ours.verdicts(old)).toStrictEqual(GOOD)
    const other = await openSqlite(t.data, {
      migrate: false,
      cachedTokens: 10,
      onFatal: (error) => {
        throw error
      },
    })
    const keys = await other.read.signingKeys.keysOf(t.first.instance.id)
    const key = keys.find(({ use }) => use === 'token')!
    const { id: instanceId } = t.first.instance
    const name = {
      id: ABSENT.signingKey as KeyId,
      instanceId,
      use: 'token',
      createdAt: t.clock.now(),
    } as const
    const next = await generateSigningKey(t.authority.deps.ring, name)
    await other.transaction(async ({ signingKeys }) => {
      await signingKeys.setLife({ ...key, revokedAt: t.clock.now() })
      await signingKeys.insert(next)
    })
    await other.close()
    expect(await ours.verdicts(old)).toStrictEqual(BAD)
    expect(await ours.published()).toStrictEqual([ABSENT.signingKey])
  })

  it('is the key set at /.well-known/jwks.json, within about a second', async () => {
    const ask = async () =>
      (await t.request('GET', '/.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid)
    expect(await ask()).toStrictEqual([t.first.instance.id])
    expectSuccess(await ours.revoke(t.first.instance.id))
    // A test must not fail because its machine is slow: that it comes by itself is what counts.
    await vi.waitFor(async () => expect(await ask()).toStrictEqual(await ours.published()), 10_000)
  })
})
