import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess } from './support.ts'

let t: TestAuthority
/** Created a second apart, oldest first. */
let users: Answer['body'][]
const BODIES = [
  { username: 'ada', first_name: 'Ada', email_address: ['ada@x.example', 'countess@x.example'] },
  { username: 'grace', last_name: 'Hopper', email_address: ['grace@x.example'], external_id: 'Crm-2' },
  { first_name: 'Ärne', phone_number: ['+15555550100'] },
  { username: 'per_cent', first_name: '100%' },
]

beforeAll(async () => {
  t = await startAuthority()
  users = []
  for (const body of BODIES) {
    t.clock.advance(1_000)
    users.push(expectSuccess(await t.request('POST', '/v1/users', { key: t.first.secretKey, body })))
  }
  t.clock.advance(1_000)
  const path = `/v1/users/${users[0].id}`
  users[0] = expectSuccess(
    await t.request('PATCH', path, { key: t.first.secretKey, body: { last_name: 'L' } }),
  )
})
afterAll(() => t.close())

const ask = (path: string) => t.request('GET', path, { key: t.first.secretKey })
const indexesIn = (found: Answer['body']) =>
  found.map(({ id }: { id: string }) => users.findIndex((user) => user.id === id))
/** `{0}` stands for the id of the first user. */
const withIds = (query: string) => query.replaceAll(/\{(\d)\}/g, (_all, index) => users[Number(index)].id)

const FILTERS: readonly [query: string, found: number[]][] = [
  ['', [3, 2, 1, 0]],
  ['user_id={0}&user_id={2}', [2, 0]],
  ['user_id[]={0}&user_id[]={2}', [2, 0]],
  ['user_id%5B%5D={1}', [1]],
  [`user_id=${ABSENT.user}`, []],
  ['user_id=-{1}', [3, 2, 0]],
  ['user_id=-{1}&user_id=-{3}', [2, 0]],
  ['user_id=%2B{1}&user_id={2}&user_id=-{2}', [1]],
  ['email_address=ada@x.example', [0]],
  ['email_address=ADA@X.example', [0]],
  ['email_address=countess@x.example&email_address=grace@x.example', [1, 0]],
  ['email_address[]=nobody@x.example', []],
  ['email_address=ada@x', []],
  ['phone_number=%2B15555550100', [2]],
  ['username=ada&username=grace', [1, 0]],
  ['external_id=Crm-2', [1]],
  ['external_id=crm-2', []],
  ['username=ada&email_address=grace@x.example', []],
  ['username=grace&email_address=grace@x.example', [1]],
  ['query=hopper', [1]],
  ['query=x.example', [1, 0]],
  ['query={3}', [3]],
  ['query=%C3%84rne', [2]],
  // Stops a search from being made to match everything, or to reach another table.
  ['query=%25', [3]],
  ['query=r_c', [3]],
  ['query=%27%20or%20%271%27%3D%271', []],
  ['username=%27%20or%201%3D1%20--', []],
]

describe('listing users', () => {
  it('gives a bare list, newest first, each in full', async () => {
    expect(expectSuccess(await ask('/v1/users'))).toStrictEqual(users.toReversed())
  })

  it.each(FILTERS)('with the filter "%s" gives %o', async (query, found) => {
    expect(indexesIn(expectSuccess(await ask(`/v1/users?${withIds(query)}`)))).toStrictEqual(found)
  })

  it.each([
    ['order_by=created_at', [0, 1, 2, 3]],
    ['order_by=%2Bcreated_at', [0, 1, 2, 3]],
    ['order_by=-created_at', [3, 2, 1, 0]],
    ['order_by=updated_at', [1, 2, 3, 0]],
    ['order_by=-updated_at', [0, 3, 2, 1]],
    ['limit=2', [3, 2]],
    ['limit=2&offset=1', [2, 1]],
    ['limit=500&offset=4', []],
  ])('with %s gives %o', async (query, found) => {
    expect(indexesIn(expectSuccess(await ask(`/v1/users?${query}`)))).toStrictEqual(found)
  })

  it('gives ten where no limit is said', async () => {
    const { secretKey: key } = await t.addInstance()
    await Promise.all(Array.from({ length: 12 }, () => t.request('POST', '/v1/users', { key, body: {} })))
    expect(expectSuccess(await t.request('GET', '/v1/users', { key }))).toHaveLength(10)
    const { total_count } = expectSuccess(await t.request('GET', '/v1/users/count', { key }))
    expect(total_count).toBe(12)
  })

  it.each(['%00', 'ada%00zzz'])('takes a NUL for no end of what is searched for: %s', async (query) => {
    const { status, body } = await ask(`/v1/users?query=${query}`)
    expect([200, 422]).toContain(status)
    if (status === 200) expect(indexesIn(body)).toStrictEqual([])
  })
})

describe('counting users', () => {
  it.each(FILTERS)('with the filter "%s" counts %o', async (query, found) => {
    const body = expectSuccess(await ask(`/v1/users/count?${withIds(query)}`))
    expect(body).toStrictEqual({ object: 'total_count', total_count: found.length })
  })

  it('takes the paging and the order of the list, without effect', async () => {
    const query = 'limit=1&offset=2&order_by=-created_at'
    expect(expectSuccess(await ask(`/v1/users/count?${query}`)).total_count).toBe(4)
  })
})

describe('a bad filter', () => {
  it.each([
    ['limit', 'form_param_value_invalid', 'limit=0'],
    ['limit', 'form_param_value_too_large', 'limit=501'],
    ['limit', 'form_param_format_invalid', 'limit=x'],
    ['offset', 'form_param_format_invalid', 'offset=-1'],
    ['order_by', 'form_param_value_invalid', 'order_by=email'],
    ['query', 'form_param_max_length_exceeded', `query=${'a'.repeat(256)}`],
    ['email_address.0', 'form_param_max_length_exceeded', `email_address=${'a'.repeat(256)}`],
    ['user_id', 'form_param_array_size_exceeded', Array(101).fill('user_id=a').join('&')],
    ['email', 'form_param_unknown', 'email=ada@x.example'],
    ['paginated', 'form_param_unknown', 'paginated=true'],
    ['__proto__', 'form_param_unknown', '__proto__=x'],
  ])('named %s is 422 %s', async (param, code, query) => {
    expectRefusal(await ask(`/v1/users?${query}`), 422, code, param)
    if (param !== 'order_by') expectRefusal(await ask(`/v1/users/count?${query}`), 422, code, param)
  })

  it.each(['limit=1&limit=1', 'query=a&query=a', 'order_by=created_at&order_by=created_at', 'query=%c3'])(
    'with two readings or none is 400: %s',
    async (query) => {
      expectRefusal(await ask(`/v1/users?${query}`), 400, 'malformed_request_parameters')
    },
  )
})
