/** Opaque M2M tokens: their JWT form is in `m2m-jwts.test.ts`. */
import { createClerkClient } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientMachine, type Compat, refusalOf, refused, startCompat, until } from './support.ts'

let compat: Compat
let api: ClientMachine
/** Its tokens are for `api`. */
let worker: ClientMachine
/** In nobody's scopes. */
let outsider: ClientMachine

beforeAll(async () => {
  compat = await startCompat()
  api = await compat.machine()
  worker = await compat.machine([api.id])
  outsider = await compat.machine()
})

afterAll(() => compat.close())

const notFound = refused(404, 'resource_not_found')

describe('m2m.createToken', () => {
  it('issues an opaque token that has no end when nobody gave it one', async () => {
    const before = Date.now()
    const issued = await worker.client.m2m.createToken()
    expect(issued).toEqual({
      id: expect.stringMatching(/^mt_[0-9a-f]{32}$/),
      subject: worker.id,
      scopes: [api.id],
      claims: null,
      revoked: false,
      revocationReason: null,
      expired: false,
      expiration: null,
      createdAt: expect.any(Number),
      updatedAt: issued.createdAt,
      token: expect.stringMatching(/^mt_[0-9A-Za-z]{32,}$/),
    })
    expect(issued.createdAt).toBeGreaterThanOrEqual(before)
    expect(issued.createdAt).toBeLessThanOrEqual(Date.now())
  })

  it('issues for the machine whose key the call names, in the place of the client’s own', async () => {
    const issued = await worker.client.m2m.createToken({ machineSecretKey: outsider.secretKey })
    expect(issued.subject).toBe(outsider.id)
    expect(issued.scopes).toEqual([])
  })

  it('keeps claims as they were given, inner names included', async () => {
    const claims = { userRole: 'admin', nested: { snake_case: [1, 'two', null], camelCase: true }, ключ: '✓' }
    const issued = await worker.client.m2m.createToken({ claims })
    expect(issued.claims).toEqual(claims)
    const verified = await api.client.m2m.verify({ token: issued.token! })
    expect(verified.claims).toEqual(claims)
  })

  it('ends a token after the seconds that were asked for, to the millisecond of a fraction', async () => {
    const whole = await worker.client.m2m.createToken({ secondsUntilExpiration: 60 })
    expect(whole.expiration! - whole.createdAt).toBe(60_000)
    const fractional = await worker.client.m2m.createToken({ secondsUntilExpiration: 1.25 })
    expect(fractional.expiration! - fractional.createdAt).toBe(1_250)
  })

  it('ends a token after the machine’s default where the call names no time', async () => {
    const machine = await compat.machine([], 90)
    const issued = await machine.client.m2m.createToken()
    expect(issued.expiration! - issued.createdAt).toBe(90_000)
    const asked = await machine.client.m2m.createToken({ secondsUntilExpiration: 5 })
    expect(asked.expiration! - asked.createdAt).toBe(5_000)
  })

  it('fixes a token’s scopes when it is issued', async () => {
    const machine = await compat.machine([api.id])
    const issued = await machine.client.m2m.createToken()
    await compat.instance.machines.deleteScope(machine.id, api.id)
    await expect(api.client.m2m.verify({ token: issued.token! })).resolves.toMatchObject({ scopes: [api.id] })
    await expect(machine.client.m2m.createToken()).resolves.toMatchObject({ scopes: [] })
  })

  it('refuses the secret key of an instance', async () => {
    expect(await refusalOf(compat.instance.m2m.createToken())).toEqual(
      refused(401, 'machine_secret_key_invalid'),
    )
  })

  it('refuses a lifetime that is not greater than nothing', async () => {
    const paramName = 'seconds_until_expiration'
    for (const secondsUntilExpiration of [0, -1]) {
      expect(await refusalOf(worker.client.m2m.createToken({ secondsUntilExpiration }))).toEqual(
        refused(400, 'bad_request', { paramName }),
      )
    }
  })
})

describe('m2m.createToken with minRemainingTtlSeconds', () => {
  const asked = { secondsUntilExpiration: 3_600, minRemainingTtlSeconds: 60 }

  it('gives out the same token while it lives long enough', async () => {
    const machine = await compat.machine([api.id])
    const first = await machine.client.m2m.createToken({ ...asked, claims: { a: 1, b: 2 } })
    const second = await machine.client.m2m.createToken({ ...asked, claims: { b: 2, a: 1 } })
    expect(second).toEqual(first)
    expect(second.token).toBe(first.token)
    await expect(api.client.m2m.verify({ token: second.token! })).resolves.toMatchObject({ id: first.id })
  })

  it('issues another where the remaining life, the claims or the scopes differ', async () => {
    const machine = await compat.machine()
    const first = await machine.client.m2m.createToken(asked)
    const longer = { secondsUntilExpiration: 7_200, minRemainingTtlSeconds: 3_601 }
    expect((await machine.client.m2m.createToken(longer)).id).not.toBe(first.id)

    const claimed = await machine.client.m2m.createToken({ ...asked, claims: { a: 1 } })
    expect(claimed).toMatchObject({ claims: { a: 1 } })
    await compat.instance.machines.createScope(machine.id, api.id)
    expect(await machine.client.m2m.createToken(asked)).toMatchObject({ scopes: [api.id] })
  })

  it('never gives out a revoked token again', async () => {
    const machine = await compat.machine()
    const first = await machine.client.m2m.createToken(asked)
    await machine.client.m2m.revokeToken({ m2mTokenId: first.id })
    expect((await machine.client.m2m.createToken(asked)).id).not.toBe(first.id)
  })

  it('refuses what no new token could satisfy', async () => {
    const machine = await compat.machine([], 60)
    for (const secondsUntilExpiration of [60, null]) {
      const impossible = { secondsUntilExpiration, minRemainingTtlSeconds: 60 }
      expect(await refusalOf(machine.client.m2m.createToken(impossible))).toEqual(
        refused(400, 'bad_request', { paramName: 'min_remaining_ttl_seconds' }),
      )
    }
  })
})

describe('m2m.verify over HTTP', () => {
  it('accepts a token for a machine in its scopes and for the instance', async () => {
    const { token, ...issued } = await worker.client.m2m.createToken()
    for (const client of [api.client, compat.instance]) {
      expect(await client.m2m.verify({ token: token! })).toEqual({
        ...issued,
        updatedAt: expect.any(Number),
        token: undefined,
      })
    }
  })

  it('refuses every token that is not good for the caller with one and the same answer', async () => {
    const { client } = worker
    const { token } = await client.m2m.createToken()
    const revoked = await client.m2m.createToken()
    await client.m2m.revokeToken({ m2mTokenId: revoked.id })
    const expired = await client.m2m.createToken({ secondsUntilExpiration: 0.05 })
    await until(expired.expiration!)

    const verify = (presented: string, by = api) => refusalOf(by.client.m2m.verify({ token: presented }))
    expect(await verify(revoked.token!)).toEqual(notFound)
    expect(await verify(expired.token!)).toEqual(notFound)
    expect(await verify(token!, outsider)).toEqual(notFound)
    // The machine that issued it is not in its own scopes.
    expect(await verify(token!, worker)).toEqual(notFound)
    expect(await verify(`mt_${'0'.repeat(51)}`)).toEqual(notFound)
    expect(await verify('mt_')).toEqual(notFound)
  })
})

describe('m2m.revokeToken', () => {
  it('revokes for the machine that issued the token and for the instance', async () => {
    for (const client of [worker.client, compat.instance]) {
      const issued = await worker.client.m2m.createToken()
      const revoked = await client.m2m.revokeToken({ m2mTokenId: issued.id, revocationReason: 'left' })
      expect(revoked).toMatchObject({ id: issued.id, revoked: true, revocationReason: 'left' })
      expect(revoked.token).toBeUndefined()
      expect(await refusalOf(api.client.m2m.verify({ token: issued.token! }))).toEqual(notFound)
    }
  })

  it('keeps the first reason when a token is revoked twice', async () => {
    const { id: m2mTokenId } = await worker.client.m2m.createToken()
    const first = await worker.client.m2m.revokeToken({ m2mTokenId, revocationReason: 'first' })
    expect(await worker.client.m2m.revokeToken({ m2mTokenId })).toEqual(first)
  })

  it('does not tell a machine whether another’s token exists', async () => {
    const { id } = await worker.client.m2m.createToken()
    const unknown = `mt_${'0'.repeat(32)}`
    expect(await refusalOf(api.client.m2m.revokeToken({ m2mTokenId: id }))).toEqual(notFound)
    expect(await refusalOf(api.client.m2m.revokeToken({ m2mTokenId: unknown }))).toEqual(notFound)
  })
})

describe('m2m.list', () => {
  it('lists a machine’s tokens without their secrets, newest first, a page at a time', async () => {
    const machine = await compat.machine()
    const issued = []
    for (let count = 0; count < 3; count++) issued.unshift(await machine.client.m2m.createToken())
    const expected = issued.map(({ token: _secret, ...rest }) => ({ ...rest, token: undefined }))

    const query = { subject: machine.id }
    expect(await machine.client.m2m.list(query)).toEqual({ data: expected, totalCount: 3 })
    expect(await compat.instance.m2m.list({ ...query, limit: 1, offset: 1 })).toEqual({
      data: expected.slice(1, 2),
      totalCount: 3,
    })
  })

  it('leaves out revoked, expired and JWT tokens until they are asked for', async () => {
    const { id: subject, client } = await compat.machine()
    const good = await client.m2m.createToken()
    const revoked = await client.m2m.createToken()
    await client.m2m.revokeToken({ m2mTokenId: revoked.id })
    const expired = await client.m2m.createToken({ secondsUntilExpiration: 0.05 })
    await client.m2m.createToken({ tokenFormat: 'jwt' })
    await until(expired.expiration!)

    const ids = async (flags: { revoked?: boolean; expired?: boolean }) =>
      (await client.m2m.list({ subject, ...flags })).data.map(({ id }) => id)
    expect(await ids({})).toEqual([good.id])
    expect(await ids({ revoked: true })).toEqual([revoked.id, good.id])
    expect(await ids({ expired: true })).toEqual([expired.id, good.id])
    expect(await ids({ revoked: true, expired: true })).toEqual([expired.id, revoked.id, good.id])
  })

  it('refuses a machine that asks for another’s tokens', async () => {
    expect(await refusalOf(worker.client.m2m.list({ subject: api.id }))).toEqual(
      refused(403, 'authorization_invalid'),
    )
  })

  it('refuses a subject that the instance does not have', async () => {
    const subject = `mch_${'0'.repeat(27)}`
    expect(await refusalOf(compat.instance.m2m.list({ subject }))).toEqual(notFound)
  })
})

describe('a client that has both keys', () => {
  it('is known to the M2M endpoints by its machine', async () => {
    const both = createClerkClient({
      apiUrl: compat.server.url,
      secretKey: compat.secretKey,
      machineSecretKey: worker.secretKey,
    })
    expect(await both.m2m.createToken()).toMatchObject({ subject: worker.id })
    expect(await refusalOf(both.m2m.list({ subject: api.id }))).toEqual(refused(403, 'authorization_invalid'))
  })
})
