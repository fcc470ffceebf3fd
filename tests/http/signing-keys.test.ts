import { createPublicKey } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { BAD, DAY, GOOD, signingKeyClient } from './signing-key-client.ts'
import { expectSuccess, NOON } from './support.ts'

const KID = /^kid_[0-9A-Za-z]{27}$/

let t: TestAuthority
let ours: ReturnType<typeof signingKeyClient>
beforeEach(async () => {
  t = await startAuthority()
  ours = signingKeyClient(t)
})
afterEach(() => t.close())

describe('the list of signing keys', () => {
  it('has the first key of an instance, which is named like it, and no key of tickets', async () => {
    const [key, ...others] = await ours.list()
    expect(others).toStrictEqual([])
    expect(key).toStrictEqual({
      object: 'signing_key',
      id: t.first.instance.id,
      alg: 'RS256',
      state: 'active',
      public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
      created_at: NOON,
      active_from: NOON,
      retires_at: null,
      revoked_at: null,
    })
    const { keys } = (await t.request('GET', '/v1/jwks', { key: t.first.secretKey })).body
    expect(createPublicKey(key.public_key).export({ format: 'jwk' }).n).toBe(keys[0].n)
  })

  // Stops a private member from ever getting out by way of a spread.
  it('shows nothing of a private half, whatever the state of a key', async () => {
    await ours.rotate({ activate_in_seconds: 0, overlap_seconds: 0 })
    await ours.rotate({ activate_in_seconds: 0 })
    await ours.rotate()
    const text = JSON.stringify(await ours.list())
    expect(text).not.toMatch(/PRIVATE|sealed|"[dpq]"/)
  })
})

describe('a rotation', () => {
  it('publishes the new key at once and signs with it from its moment on, to the millisecond', async () => {
    const first = t.first.instance.id
    const next = await ours.rotate({ activate_in_seconds: 300, overlap_seconds: DAY })
    expect(next).toStrictEqual({
      object: 'signing_key',
      id: expect.stringMatching(KID),
      alg: 'RS256',
      state: 'next',
      public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
      created_at: NOON,
      active_from: NOON + 300_000,
      retires_at: null,
      revoked_at: null,
    })
    for (const wait of [0, 299_999]) {
      t.clock.advance(wait)
      expect(await ours.published()).toStrictEqual([next.id, first])
      expect((await ours.issue()).kids).toStrictEqual([first, first])
      expect(await ours.states()).toStrictEqual([
        [next.id, 'next'],
        [first, 'active'],
      ])
    }
    t.clock.advance(1)
    expect(await ours.published()).toStrictEqual([next.id, first])
    expect((await ours.issue()).kids).toStrictEqual([next.id, next.id])
    expect(await ours.states()).toStrictEqual([
      [next.id, 'active'],
      [first, 'retiring'],
    ])
  })

  it('accepts what the old key signed to the end of the overlap, and publishes it as long', async () => {
    const first = t.first.instance.id
    const old = await ours.issue()
    const next = await ours.rotate({ activate_in_seconds: 300, overlap_seconds: DAY })
    for (const wait of [0, 300_000, DAY * 1_000 - 1]) {
      t.clock.advance(wait)
      expect(await ours.verdicts(old)).toStrictEqual(GOOD)
      expect(await ours.published()).toStrictEqual([next.id, first])
    }
    const young = await ours.issue()
    t.clock.advance(1)
    expect(await ours.verdicts(old)).toStrictEqual(BAD)
    expect(await ours.verdicts(young)).toStrictEqual(GOOD)
    expect(await ours.published()).toStrictEqual([next.id])
    expect(await ours.states()).toStrictEqual([
      [next.id, 'active'],
      [first, 'retired'],
    ])
  })

  it('takes ten minutes and an overlap of thirty days if it is not told', async () => {
    const next = await ours.rotate()
    const [, first] = await ours.list()
    expect(next.active_from).toBe(NOON + 600_000)
    expect(first.retires_at).toBe(NOON + 600_000 + 30 * DAY * 1_000)
  })

  it('without an overlap ends the old key when the new one begins', async () => {
    const old = await ours.issue()
    await ours.rotate({ activate_in_seconds: 60, overlap_seconds: 0 })
    t.clock.advance(59_999)
    expect(await ours.verdicts(old)).toStrictEqual(GOOD)
    t.clock.advance(1)
    expect(await ours.verdicts(old)).toStrictEqual(BAD)
  })

  it('leaves the ends of keys that retire already as they are', async () => {
    const old = [await ours.issue()]
    for (const overlap_seconds of [100, 10, 50]) {
      await ours.rotate({ activate_in_seconds: 0, overlap_seconds })
      old.push(await ours.issue())
    }
    const good = async () =>
      (await Promise.all(old.map((each) => ours.verdicts(each)))).map(([first]) => first)
    expect(await good()).toStrictEqual(['active', 'active', 'active', 'active'])
    t.clock.advance(10_000)
    expect(await good()).toStrictEqual(['active', 'bad_signature', 'active', 'active'])
    t.clock.advance(90_000)
    expect(await good()).toStrictEqual(['bad_signature', 'bad_signature', 'bad_signature', 'active'])
    expect(await ours.published()).toHaveLength(1)
  })

  it('leaves tickets, opaque tokens and keys of callers alone', async () => {
    const ticketKey = async () => (await t.authority.deps.keys.signing(t.first.instance.id, 'ticket')).id
    const before = await ticketKey()
    const { secretKey } = await t.machine(t.first)
    const { token } = (await t.request('POST', '/v1/m2m_tokens', { key: secretKey, body: {} })).body
    await ours.rotate({ activate_in_seconds: 0, overlap_seconds: 0 })
    expect(await ticketKey()).toBe(before)
    expectSuccess(
      await t.request('POST', '/v1/m2m_tokens/verify', { key: t.first.secretKey, body: { token } }),
    )
  })

  it('touches no other instance', async () => {
    const second = await t.addInstance('live')
    const theirs = signingKeyClient(t, second)
    const issued = await theirs.issue()
    const before = await theirs.list()
    const next = await ours.rotate({ activate_in_seconds: 0, overlap_seconds: 0 })
    expect(await theirs.list()).toStrictEqual(before)
    expect(await theirs.verdicts(issued)).toStrictEqual(GOOD)
    expect(await theirs.published()).toStrictEqual([second.instance.id])
    expect((await theirs.issue()).kids).not.toContain(next.id)
    // F11: what is signed with a rotated key is of its own instance only, too.
    expect(await theirs.verdicts(await ours.issue())).toStrictEqual(BAD)
  })
})
