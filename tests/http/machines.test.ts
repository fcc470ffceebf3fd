import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, NOON, PATTERNS, shapeOf } from './support.ts'

let t: TestAuthority
let key: string

beforeAll(async () => {
  t = await startAuthority()
  key = t.first.secretKey
})
afterAll(() => t.close())

const create = (body: unknown) => t.request('POST', '/v1/machines', { key, body })
const get = (id: string) => t.request('GET', `/v1/machines/${id}`, { key })
const update = (id: string, body: unknown) => t.request('PATCH', `/v1/machines/${id}`, { key, body })
const remove = (id: string) => t.request('DELETE', `/v1/machines/${id}`, { key })
const made = async (body: object = { name: 'a machine' }) => expectSuccess(await create(body))

describe('creating a machine', () => {
  it('answers 200 with every field of the wire and its secret key, times in milliseconds', async () => {
    expect(await made({ name: 'worker' })).toStrictEqual({
      object: 'machine',
      id: expect.stringMatching(PATTERNS.machine),
      name: 'worker',
      instance_id: t.first.instance.id,
      created_at: NOON,
      updated_at: NOON,
      scoped_machines: [],
      secret_key: expect.stringMatching(PATTERNS.machineKey),
    })
  })

  it('gives the machines it is scoped to in full, each without scopes of its own', async () => {
    const first = await made({ name: 'first', default_token_ttl: 60 })
    const second = await made({ name: 'second', scoped_machines: [first.id] })
    const { scoped_machines } = await made({ name: 'third', scoped_machines: [second.id, first.id] })
    const listed = [first, second].map(({ secret_key: _key, scoped_machines: _scopes, ...rest }) => rest)
    const byName = scoped_machines.toSorted((a: { name: string }, b: { name: string }) =>
      a.name < b.name ? -1 : 1,
    )
    expect(byName).toStrictEqual(listed)
  })

  it.each([
    [{ scoped_machines: null, default_token_ttl: null }, undefined],
    [{ scoped_machines: [], default_token_ttl: 1 }, 1],
    [{ default_token_ttl: 315_360_000 }, 315_360_000],
  ])('takes %o', async (more, ttl) => {
    const machine = await made({ name: 'x', ...more })
    expect(machine.scoped_machines).toStrictEqual([])
    expect(machine.default_token_ttl).toBe(ttl)
  })

  it.each(['x', 'x'.repeat(255), 'Ä Maschine, “größte” 机器 🛠', '<script>', "'; drop table machines; --"])(
    'keeps the name "%s" as it is',
    async (name) => {
      const { id } = await made({ name })
      expect(expectSuccess(await get(id)).name).toBe(name)
    },
  )

  // Stops a caller from choosing what only the authority decides (mass assignment).
  it('ignores fields that are not the caller’s to give', async () => {
    const given = {
      id: ABSENT.machine,
      object: 'user',
      instance_id: 'ins_1',
      secret_key: 'ak_1',
      created_at: 1,
      updated_at: 1,
      constructor: { prototype: { polluted: true } },
    }
    const machine = await made({ name: 'x', ...given })
    expect(machine).toMatchObject({
      object: 'machine',
      instance_id: t.first.instance.id,
      created_at: NOON,
      updated_at: NOON,
    })
    expect(machine.id).not.toBe(ABSENT.machine)
    expect(machine.secret_key).not.toBe('ak_1')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it.each([
    ['name', 'form_param_missing', {}],
    ['name', 'form_param_nil', { name: null }],
    ['name', 'form_param_type_invalid', { name: 1 }],
    ['name', 'form_param_min_length_exceeded', { name: '' }],
    ['name', 'form_param_max_length_exceeded', { name: 'x'.repeat(256) }],
    ['name', 'form_param_format_invalid', { name: 'a\nb' }],
    ['name', 'form_param_format_invalid', { name: '\0' }],
    ['scoped_machines', 'form_param_type_invalid', { scoped_machines: 'mch_1' }],
    ['scoped_machines', 'form_param_type_invalid', { scoped_machines: {} }],
    ['scoped_machines.0', 'form_param_format_invalid', { scoped_machines: ['mch_1'] }],
    ['scoped_machines.1', 'form_param_type_invalid', { scoped_machines: [ABSENT.machine, 1] }],
    [
      'scoped_machines',
      'form_param_array_size_exceeded',
      { scoped_machines: Array(151).fill(ABSENT.machine) },
    ],
    ['scoped_machines', 'form_param_duplicate', { scoped_machines: [ABSENT.machine, ABSENT.machine] }],
    ['default_token_ttl', 'form_param_value_invalid', { default_token_ttl: 0 }],
    ['default_token_ttl', 'form_param_value_invalid', { default_token_ttl: -1 }],
    ['default_token_ttl', 'form_param_type_invalid', { default_token_ttl: 1.5 }],
    ['default_token_ttl', 'form_param_type_invalid', { default_token_ttl: '60' }],
    ['default_token_ttl', 'form_param_value_too_large', { default_token_ttl: 315_360_001 }],
  ])('refuses a bad %s with 422 %s and makes none: %o', async (param, code, more) => {
    const body = param === 'name' ? more : { name: 'x', ...more }
    expectRefusal(await expectUnchanged(t, () => create(body)), 422, code, param)
  })

  it('is 404 for a scope to a machine that is not there, and makes none', async () => {
    const { id } = await made()
    const answer = await expectUnchanged(t, () =>
      create({ name: 'x', scoped_machines: [id, ABSENT.machine] }),
    )
    expectRefusal(answer, 404, 'resource_not_found')
  })
})

describe('getting a machine', () => {
  it('gives what its creation gave, without the secret key', async () => {
    const target = await made()
    const { secret_key: _key, ...machine } = await made({ name: 'x', scoped_machines: [target.id] })
    expect(expectSuccess(await get(machine.id))).toStrictEqual(machine)
  })
})

describe('changing a machine', () => {
  it.each([
    [{ name: 'renamed' }, { name: 'renamed', default_token_ttl: 60 }],
    [{ default_token_ttl: 90 }, { name: 'before', default_token_ttl: 90 }],
    [{}, { name: 'before', default_token_ttl: 60 }],
    [
      { id: ABSENT.machine, scoped_machines: [] },
      { name: 'before', default_token_ttl: 60 },
    ],
  ])('by %o leaves %o', async (change, after) => {
    const target = await made()
    const before = await made({ name: 'before', default_token_ttl: 60, scoped_machines: [target.id] })
    t.clock.advance(1_000)
    const changed = expectSuccess(await update(before.id, change))
    const { secret_key: _key, ...rest } = before
    expect(changed).toStrictEqual({ ...rest, ...after, updated_at: t.clock.now() })
    expect(expectSuccess(await get(before.id))).toStrictEqual(changed)
  })

  it('is seen where another machine is scoped to it', async () => {
    const target = await made()
    const { id } = await made({ name: 'x', scoped_machines: [target.id] })
    expectSuccess(await get(id))
    expectSuccess(await update(target.id, { name: 'renamed' }))
    expect(expectSuccess(await get(id)).scoped_machines[0].name).toBe('renamed')
  })

  it.each([
    ['name', 'form_param_min_length_exceeded', { name: '' }],
    ['name', 'form_param_nil', { name: null }],
    ['name', 'form_param_type_invalid', { name: [] }],
    ['default_token_ttl', 'form_param_value_invalid', { default_token_ttl: 0 }],
    ['default_token_ttl', 'form_param_nil', { default_token_ttl: null }],
    ['default_token_ttl', 'form_param_value_too_large', { default_token_ttl: 315_360_001 }],
  ])('refuses a bad %s with 422 %s and changes nothing: %o', async (param, code, body) => {
    const { id } = await made()
    expectRefusal(await expectUnchanged(t, () => update(id, body)), 422, code, param)
  })
})

describe('deleting a machine', () => {
  it('answers 200 with a deleted object, and it is gone', async () => {
    const { id } = await made()
    expect(expectSuccess(await remove(id))).toStrictEqual({ object: 'machine', id, deleted: true })
    expectRefusal(await get(id), 404, 'resource_not_found')
    expectRefusal(await expectUnchanged(t, () => remove(id)), 404, 'resource_not_found')
  })

  // Stops what a machine issued, and what it can still do, from outliving it.
  it('ends its tokens of both formats and its secret key at once', async () => {
    const reader = await made()
    const { id, secret_key } = await made({ name: 'x', scoped_machines: [reader.id] })
    const issue = (body: object) => t.request('POST', '/v1/m2m_tokens', { key: secret_key, body })
    const tokens = [(await issue({})).body.token, (await issue({ token_format: 'jwt' })).body.token]
    const verify = (token: string, by: string) =>
      t.request('POST', '/v1/m2m_tokens/verify', { key: by, body: { token } })
    for (const token of tokens) expectSuccess(await verify(token, reader.secret_key))

    expectSuccess(await remove(id))
    for (const token of tokens) {
      expectRefusal(await verify(token, reader.secret_key), 404, 'resource_not_found')
      expectRefusal(await verify(token, key), 404, 'resource_not_found')
    }
    expectRefusal(await issue({}), 401, 'machine_secret_key_invalid')
    const path = `/v1/machines/${id}/secret_key`
    expectRefusal(await t.request('GET', path, { key }), 404, 'resource_not_found')
    const list = await t.request('GET', `/v1/m2m_tokens?subject=${id}`, { key })
    expectRefusal(list, 404, 'resource_not_found')
  })

  it('takes it out of the scopes of others, whose tokens stay good for the rest', async () => {
    const [gone, stays] = [await made(), await made()]
    const issuer = await made({ name: 'x', scoped_machines: [gone.id, stays.id] })
    const issued = await t.request('POST', '/v1/m2m_tokens', { key: issuer.secret_key, body: {} })
    expectSuccess(await remove(gone.id))
    const scoped = expectSuccess(await get(issuer.id)).scoped_machines
    expect(scoped.map(({ id }: { id: string }) => id)).toStrictEqual([stays.id])
    const body = { token: issued.body.token }
    expectSuccess(await t.request('POST', '/m2m_tokens/verify', { key: stays.secret_key, body }))
    const refused = await t.request('POST', '/m2m_tokens/verify', { key: gone.secret_key, body })
    expectRefusal(refused, 401, 'machine_secret_key_invalid')
  })
})

describe('a machine that is not there', () => {
  it.each([
    ['GET', '', undefined],
    ['PATCH', '', { name: 'x' }],
    ['DELETE', '', undefined],
    ['GET', '/secret_key', undefined],
    ['POST', '/secret_key/rotate', { previous_token_ttl: 0 }],
    ['POST', '/scopes', { to_machine_id: ABSENT.otherMachine }],
    ['DELETE', `/scopes/${ABSENT.otherMachine}`, undefined],
  ])('is 404 for %s /v1/machines/{id}%s, whatever its id looks like', async (method, path, body) => {
    const ask = (id: string) => t.request(method, `/v1/machines/${id}${path}`, { key, ...(body && { body }) })
    for (const id of [ABSENT.machine, 'mch_1', ABSENT.user, '__proto__', '%00', `${ABSENT.machine}%20`]) {
      expectRefusal(await expectUnchanged(t, () => ask(id)), 404, 'resource_not_found')
    }
    expect(shapeOf(await ask(ABSENT.machine), [ABSENT.machine])).toBe(
      shapeOf(await ask(ABSENT.otherMachine), [ABSENT.otherMachine]),
    )
  })
})
