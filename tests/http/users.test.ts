import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, NOON, PATTERNS, shapeOf } from './support.ts'

let t: TestAuthority
let key: string

beforeAll(async () => {
  t = await startAuthority()
  key = t.first.secretKey
})
afterAll(() => t.close())

const create = (body: unknown) => t.request('POST', '/v1/users', { key, body })
const get = (id: string) => t.request('GET', `/v1/users/${id}`, { key })
const update = (id: string, body: unknown) => t.request('PATCH', `/v1/users/${id}`, { key, body })
const remove = (id: string) => t.request('DELETE', `/v1/users/${id}`, { key })
const made = async (body: unknown = {}): Promise<Answer['body']> => expectSuccess(await create(body))

/** What the wire asks of every user, where nothing is known. */
const NOBODY = {
  id: expect.stringMatching(PATTERNS.user),
  object: 'user',
  username: null,
  first_name: null,
  last_name: null,
  image_url: '',
  has_image: false,
  primary_email_address_id: null,
  primary_phone_number_id: null,
  primary_web3_wallet_id: null,
  password_enabled: false,
  two_factor_enabled: false,
  totp_enabled: false,
  backup_code_enabled: false,
  email_addresses: [],
  phone_numbers: [],
  web3_wallets: [],
  passkeys: [],
  external_accounts: [],
  saml_accounts: [],
  enterprise_accounts: [],
  public_metadata: {},
  private_metadata: {},
  unsafe_metadata: {},
  external_id: null,
  last_sign_in_at: null,
  banned: false,
  locked: false,
  lockout_expires_in_seconds: null,
  verification_attempts_remaining: null,
  created_at: NOON,
  updated_at: NOON,
  delete_self_enabled: false,
  create_organization_enabled: false,
  last_active_at: null,
  mfa_enabled_at: null,
  mfa_disabled_at: null,
  legal_accepted_at: null,
}

const identifier = (fields: object) => ({
  id: expect.stringMatching(/^idn_[0-9A-Za-z]{27}$/),
  reserved: false,
  verification: null,
  linked_to: [],
  created_at: NOON,
  updated_at: NOON,
  ...fields,
})

describe('creating a user', () => {
  it('of whom nothing is known answers 200 with every field of the wire', async () => {
    expect(await made()).toStrictEqual(NOBODY)
    expect(await made('')).toStrictEqual(NOBODY)
  })

  it('of whom everything is known keeps it all', async () => {
    const user = await made({
      external_id: 'crm-1',
      username: 'Ada',
      first_name: 'Ada',
      last_name: 'Lovelace',
      email_address: ['Ada@Example.com', 'ada@example.org'],
      phone_number: ['+15555550100'],
      public_metadata: { Plan_name: { a_b: [1, null] } },
      private_metadata: { n: 1.5 },
      unsafe_metadata: { '': true },
    })
    expect(user).toStrictEqual({
      ...NOBODY,
      external_id: 'crm-1',
      username: 'ada',
      first_name: 'Ada',
      last_name: 'Lovelace',
      primary_email_address_id: user.email_addresses[0].id,
      primary_phone_number_id: user.phone_numbers[0].id,
      email_addresses: ['ada@example.com', 'ada@example.org'].map((email_address) =>
        identifier({ object: 'email_address', email_address }),
      ),
      phone_numbers: [identifier({ object: 'phone_number', phone_number: '+15555550100' })],
      public_metadata: { Plan_name: { a_b: [1, null] } },
      private_metadata: { n: 1.5 },
      unsafe_metadata: { '': true },
    })
    expect(expectSuccess(await get(user.id))).toStrictEqual(user)
  })

  // Stops a caller from choosing what only the authority decides (mass assignment).
  it('ignores fields that are not the caller’s to give', async () => {
    const given = { id: ABSENT.user, object: 'admin', instance_id: 'ins_1', banned: true, created_at: 1 }
    expect(await made({ ...given, password: 'secret' })).toStrictEqual(NOBODY)
    const polluting = '{"__proto__":{"polluted":true},"public_metadata":{"__proto__":{"polluted":true}}}'
    expect(JSON.stringify((await made(polluting)).public_metadata)).toBe('{"__proto__":{"polluted":true}}')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it.each([
    ['email_address', { email_address: ['ada@taken.example'] }, { email_address: ['ADA@taken.example'] }],
    ['phone_number', { phone_number: ['+15555550101'] }, { phone_number: ['+15555550101'] }],
    ['username', { username: 'taken' }, { username: 'TAKEN' }],
    ['external_id', { external_id: 'taken' }, { external_id: 'taken' }],
    ['email_address', {}, { email_address: ['two@x.example', 'TWO@x.example'] }],
  ])('is refused with 422 if another has its %s: %o, %o', async (param, first, second) => {
    await made(first)
    const answer = await expectUnchanged(t, () => create(second))
    expectRefusal(answer, 422, 'form_identifier_exists', param)
  })

  it('at once with one identifier succeeds for one', async () => {
    const ask = () => create({ username: 'racer', email_address: ['racer@x.example'] })
    const statuses = (await Promise.all(Array.from({ length: 10 }, ask))).map(({ status }) => status)
    expect(statuses.toSorted()).toStrictEqual([200, ...Array(9).fill(422)])
  })

  it.each([
    ['first_name', 'form_param_type_invalid', { first_name: 1 }],
    ['first_name', 'form_param_min_length_exceeded', { first_name: '' }],
    ['last_name', 'form_param_format_invalid', { last_name: 'a\r\nb' }],
    ['username', 'form_param_max_length_exceeded', { username: 'x'.repeat(65) }],
    ['email_address', 'form_param_type_invalid', { email_address: 'ada@example.com' }],
    ['email_address.0', 'form_param_format_invalid', { email_address: ['ada'] }],
    ['email_address.0', 'form_param_type_invalid', { email_address: [1] }],
    ['email_address.0', 'form_param_nil', { email_address: [null] }],
    [
      'email_address.0',
      'form_param_max_length_exceeded',
      { email_address: [`${'a'.repeat(250)}@x.example`] },
    ],
    ['email_address', 'form_param_array_size_exceeded', { email_address: Array(11).fill('a@b.example') }],
    ['phone_number.0', 'form_param_format_invalid', { phone_number: ['0555'] }],
    ['phone_number.0', 'form_param_format_invalid', { phone_number: ['+15555550100\n'] }],
    ['public_metadata', 'form_param_value_invalid', { public_metadata: [] }],
    ['private_metadata', 'form_param_value_invalid', { private_metadata: 'x' }],
    ['public_metadata', 'form_param_value_invalid', { public_metadata: { a: 'x'.repeat(8_192) } }],
  ])('refuses a bad %s with 422 %s and makes none: %o', async (param, code, body) => {
    const answer = await expectUnchanged(t, () => create(body))
    expectRefusal(answer, 422, code, param)
  })
})

describe('changing a user', () => {
  it('changes what is given and leaves the rest', async () => {
    const before = await made({ username: 'grace', email_address: ['grace@x.example'], first_name: 'Grace' })
    t.clock.advance(1_000)
    const changed = expectSuccess(await update(before.id, { last_name: 'Hopper', username: 'Amazing' }))
    expect(changed).toStrictEqual({
      ...before,
      last_name: 'Hopper',
      username: 'amazing',
      updated_at: t.clock.now(),
    })
    expect(expectSuccess(await get(before.id))).toStrictEqual(changed)
    t.clock.advance(-1_000)
  })

  it('to null takes a name or an identifier away, which another may then have', async () => {
    const user = await made({ username: 'leaving', external_id: 'gone', first_name: 'A' })
    const nothing = { username: null, external_id: null, first_name: null }
    expect(expectSuccess(await update(user.id, nothing))).toMatchObject(nothing)
    expect((await made({ username: 'leaving', external_id: 'gone' })).username).toBe('leaving')
  })

  it('replaces metadata of a kind that is given and leaves the others', async () => {
    const { id } = await made({ public_metadata: { a: 1 }, private_metadata: { b: 2 } })
    const changed = expectSuccess(await update(id, { public_metadata: { c: 3 } }))
    expect(changed).toMatchObject({ private_metadata: { b: 2 }, unsafe_metadata: {} })
    expect(changed.public_metadata).toStrictEqual({ c: 3 })
  })

  it('keeps its own identifiers without a conflict', async () => {
    const { id } = await made({ username: 'same', external_id: 'same' })
    expect(expectSuccess(await update(id, { username: 'SAME' })).username).toBe('same')
  })

  it('to an identifier that another has is 422, and changes nothing', async () => {
    await made({ username: 'mine' })
    const { id } = await made()
    const answer = await expectUnchanged(t, () => update(id, { username: 'mine', first_name: 'C' }))
    expectRefusal(answer, 422, 'form_identifier_exists', 'username')
  })

  it.each([
    ['first_name', 'form_param_type_invalid', { first_name: [] }],
    ['username', 'form_param_min_length_exceeded', { username: '' }],
    ['public_metadata', 'form_param_value_invalid', { public_metadata: 1 }],
  ])('refuses a bad %s with 422 %s and changes nothing: %o', async (param, code, body) => {
    const { id } = await made()
    expectRefusal(await expectUnchanged(t, () => update(id, body)), 422, code, param)
  })
})

describe('deleting a user', () => {
  it('answers 200 with a deleted object; it is gone and its identifiers are free', async () => {
    const { id } = await made({ username: 'free', email_address: ['free@x.example'] })
    expect(expectSuccess(await remove(id))).toStrictEqual({ object: 'user', id, deleted: true })
    expectRefusal(await get(id), 404, 'resource_not_found')
    expectRefusal(await expectUnchanged(t, () => remove(id)), 404, 'resource_not_found')
    expect((await made({ username: 'free', email_address: ['free@x.example'] })).id).not.toBe(id)
  })

  it('leaves nobody for whom an actor token could be issued', async () => {
    const { id } = await made()
    expectSuccess(await remove(id))
    const body = { user_id: id, actor: { sub: 'user_support' } }
    expectRefusal(await t.request('POST', '/v1/actor_tokens', { key, body }), 404, 'resource_not_found')
  })
})

describe('a user that is not there', () => {
  it.each([
    ['GET', undefined],
    ['PATCH', { first_name: 'x' }],
    ['DELETE', undefined],
  ])('is 404 for %s, whatever its id looks like', async (method, body) => {
    const ask = (id: string) => t.request(method, `/v1/users/${id}`, { key, ...(body && { body }) })
    for (const id of [
      ABSENT.user,
      'user_1',
      ABSENT.machine,
      'constructor',
      `${ABSENT.user}%0a`,
      '%2e%2e%2f',
    ]) {
      expectRefusal(await expectUnchanged(t, () => ask(id)), 404, 'resource_not_found')
    }
    const other = `user_${'4'.repeat(27)}`
    expect(shapeOf(await ask(ABSENT.user), [ABSENT.user])).toBe(shapeOf(await ask(other), [other]))
  })
})
