import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compat, createOtherInstance, refusalOf, refused, send, startCompat } from './support.ts'

let compat: Compat

beforeAll(async () => {
  compat = await startCompat()
})

afterAll(() => compat.close())

const UNKNOWN = `user_${'0'.repeat(27)}`
const notFound = refused(404, 'resource_not_found')

describe('users.createUser', () => {
  it('makes a user of everything that actor tokens and sessions need', async () => {
    const before = Date.now()
    const user = await compat.instance.users.createUser({
      externalId: 'crm-1',
      emailAddress: ['Ada@Example.com', 'second@example.com'],
      phoneNumber: ['+15555550100'],
      username: 'Ada',
      firstName: 'Ada',
      lastName: 'Lovelace',
      publicMetadata: { planName: 'pro', nested_key: { camelCase: 1 } },
      privateMetadata: { note: 'private' },
      unsafeMetadata: { theme: 'dark' },
    })
    expect(user).toMatchObject({
      id: expect.stringMatching(/^user_\w{27}$/),
      externalId: 'crm-1',
      username: 'ada',
      fullName: 'Ada Lovelace',
      publicMetadata: { planName: 'pro', nested_key: { camelCase: 1 } },
      privateMetadata: { note: 'private' },
      unsafeMetadata: { theme: 'dark' },
      banned: false,
      locked: false,
      updatedAt: user.createdAt,
    })
    expect(user.emailAddresses.map(({ emailAddress }) => emailAddress)).toEqual([
      'ada@example.com',
      'second@example.com',
    ])
    expect(user.primaryEmailAddress?.emailAddress).toBe('ada@example.com')
    expect(user.primaryPhoneNumber?.phoneNumber).toBe('+15555550100')
    expect(user.createdAt).toBeGreaterThanOrEqual(before)
  })

  it('makes a user of nothing at all', async () => {
    const user = await compat.instance.users.createUser({})
    expect(user).toMatchObject({ firstName: null, externalId: null, emailAddresses: [], publicMetadata: {} })
  })

  it('refuses an identifier that another user has, in any case of its letters', async () => {
    const { users } = compat.instance
    const identifiers = [
      [{ emailAddress: ['taken@example.com'] }, { emailAddress: ['TAKEN@example.com'] }, 'email_address'],
      [{ phoneNumber: ['+15555550199'] }, { phoneNumber: ['+15555550199'] }, 'phone_number'],
      [{ username: 'taken' }, { username: 'Taken' }, 'username'],
      [{ externalId: 'taken' }, { externalId: 'taken' }, 'external_id'],
    ] as const
    for (const [first, second, paramName] of identifiers) {
      await users.createUser(structuredClone(first) as object)
      expect(await refusalOf(users.createUser(structuredClone(second) as object))).toEqual(
        refused(422, 'form_identifier_exists', { paramName }),
      )
    }
  })

  it('refuses what is no email address', async () => {
    expect(await refusalOf(compat.instance.users.createUser({ emailAddress: ['not one'] }))).toEqual(
      refused(422, 'form_param_format_invalid', { paramName: 'email_address.0' }),
    )
  })
})

describe('users.getUser', () => {
  it('gets the user that was created', async () => {
    const created = await compat.instance.users.createUser({ firstName: 'Got' })
    expect(await compat.instance.users.getUser(created.id)).toEqual(created)
  })

  it('answers with every field of the published resource', async () => {
    const { id } = await compat.instance.users.createUser({ emailAddress: ['fields@example.com'] })
    const { body } = await send(compat.server, 'GET', `/v1/users/${id}`, { key: compat.secretKey })
    expect(Object.keys(body)).toEqual(expect.arrayContaining(REQUIRED_FIELDS))
    for (const name of ARRAYS) expect(body[name]).toBeInstanceOf(Array)
    expect(body.email_addresses[0]).toMatchObject({
      object: 'email_address',
      id: expect.stringMatching(/^idn_/),
      email_address: 'fields@example.com',
      verification: null,
      linked_to: [],
      reserved: false,
    })
  })

  it('refuses an unknown id, and that of another instance’s user', async () => {
    const other = await createOtherInstance(compat.server)
    const { id } = await other.instance.users.createUser({})
    for (const each of [UNKNOWN, 'user_of_no_such_form', id]) {
      expect(await refusalOf(compat.instance.users.getUser(each))).toEqual(notFound)
    }
  })
})

describe('users.getUserList and getCount', () => {
  const make = (name: string) =>
    compat.instance.users.createUser({
      emailAddress: [`${name}@list.example`],
      phoneNumber: [`+1555555011${name.length}`],
      username: `list_${name}`,
      externalId: `list-${name}`,
      firstName: `List ${name}`,
    })

  it('find users by each identifier, by id and by a part of a name', async () => {
    const { users } = compat.instance
    const [x, xx] = [await make('x'), await make('xx')]
    const found = async (filters: NonNullable<Parameters<typeof users.getUserList>[0]>) => {
      const { data, totalCount } = await users.getUserList(filters)
      expect(totalCount).toBe(data.length)
      return data.map(({ id }) => id)
    }
    expect(await found({ emailAddress: ['X@list.example'] })).toEqual([x.id])
    expect(await found({ emailAddress: ['x@list.example', 'xx@list.example'] })).toEqual([xx.id, x.id])
    expect(await found({ phoneNumber: ['+15555550112'] })).toEqual([xx.id])
    expect(await found({ username: ['list_x'] })).toEqual([x.id])
    expect(await found({ externalId: ['list-xx'] })).toEqual([xx.id])
    expect(await found({ userId: [x.id, UNKNOWN] })).toEqual([x.id])
    expect(await found({ query: 'LIST xx' })).toEqual([xx.id])
    expect(await found({ userId: [x.id], username: ['list_xx'] })).toEqual([])
  })

  it('page and order the users, and count all that match', async () => {
    const { users } = compat.instance
    const all = [await make('xxx'), await make('xxxx'), await make('xxxxx')].map(({ id }) => id)
    const page = async (more: object) => {
      const { data, totalCount } = await users.getUserList({ userId: all, ...more })
      return { ids: data.map(({ id }) => id), totalCount }
    }
    expect(await page({ limit: 2 })).toEqual({ ids: [all[2], all[1]], totalCount: 3 })
    expect(await page({ limit: 2, offset: 2 })).toEqual({ ids: [all[0]], totalCount: 3 })
    expect(await page({ orderBy: '+created_at' })).toEqual({ ids: all, totalCount: 3 })
    expect(await users.getCount({ userId: all })).toBe(3)
    expect(await users.getCount()).toBeGreaterThan(3)
  })

  it('refuse a filter that is not known, instead of showing everyone', async () => {
    const filtered = compat.instance.users.getUserList({ createdAtAfter: 1 })
    expect(await refusalOf(filtered)).toEqual(
      refused(422, 'form_param_unknown', { paramName: 'created_at_after' }),
    )
  })
})

describe('users.updateUser', () => {
  it('changes what is named and leaves the rest', async () => {
    const { users } = compat.instance
    const created = await users.createUser({ firstName: 'Before', lastName: 'Kept', externalId: 'update-1' })
    const updated = await users.updateUser(created.id, { firstName: 'After', username: 'updated' })
    expect(updated).toMatchObject({
      id: created.id,
      firstName: 'After',
      lastName: 'Kept',
      username: 'updated',
      externalId: 'update-1',
      createdAt: created.createdAt,
    })
    expect(updated.updatedAt).toBeGreaterThanOrEqual(created.updatedAt)
    expect(await users.getUser(created.id)).toEqual(updated)
  })

  it('replaces the metadata that is named and leaves the other kinds', async () => {
    const { users } = compat.instance
    const created = await users.createUser({
      publicMetadata: { a: 1, b: 2 },
      privateMetadata: { kept: true },
    })
    // Deprecated and widely used: the client sends metadata on a path of its own, the rest on the usual one.
    const change = { firstName: 'Both', publicMetadata: { a: 3 } }
    const updated = await users.updateUser(created.id, change)
    expect(updated).toMatchObject({ firstName: 'Both', privateMetadata: { kept: true } })
    expect(updated.publicMetadata).toEqual({ a: 3 })
  })

  it('refuses another user’s identifier, and an unknown user', async () => {
    const { users } = compat.instance
    await users.createUser({ externalId: 'update-taken' })
    const { id } = await users.createUser({})
    expect(await refusalOf(users.updateUser(id, { externalId: 'update-taken' }))).toEqual(
      refused(422, 'form_identifier_exists', { paramName: 'external_id' }),
    )
    expect(await refusalOf(users.updateUser(UNKNOWN, { firstName: 'x' }))).toEqual(notFound)
  })
})

describe('users.deleteUser', () => {
  it('deletes a user and frees its identifiers', async () => {
    const { users } = compat.instance
    const identity = { emailAddress: ['deleted@example.com'], externalId: 'deleted' }
    const { id } = await users.createUser(identity)
    expect(await users.deleteUser(id)).toMatchObject({ object: 'user', id, deleted: true })
    expect(await refusalOf(users.getUser(id))).toEqual(notFound)
    expect(await refusalOf(users.deleteUser(id))).toEqual(notFound)
    await expect(users.createUser(identity)).resolves.toMatchObject({ externalId: 'deleted' })
  })
})

const words = (text: string): string[] => text.trim().split(/\s+/)

const ARRAYS = words(
  'email_addresses phone_numbers web3_wallets passkeys external_accounts saml_accounts enterprise_accounts',
)
/** Clients that generate their models from the published schema refuse a user that lacks one. */
const REQUIRED_FIELDS = words(`
  id object username first_name last_name has_image external_id public_metadata
  primary_email_address_id primary_phone_number_id primary_web3_wallet_id
  password_enabled two_factor_enabled totp_enabled backup_code_enabled mfa_enabled_at mfa_disabled_at
  banned locked lockout_expires_in_seconds verification_attempts_remaining
  delete_self_enabled create_organization_enabled legal_accepted_at
  created_at updated_at last_active_at last_sign_in_at
`).concat(ARRAYS)
