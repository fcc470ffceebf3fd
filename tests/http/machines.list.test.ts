import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess } from './support.ts'

let t: TestAuthority
/** As they were created, a second apart. */
const NAMES = ['beta', 'Alpha', '100%', 'a_b', 'acb', 'back\\slash', "quo'te", 'ÄRGER']
let machines: Answer['body'][]

beforeAll(async () => {
  t = await startAuthority()
  machines = []
  for (const name of NAMES) {
    t.clock.advance(1_000)
    const scoped = machines.slice(0, 1).map(({ id }) => id)
    const body = { name, scoped_machines: scoped }
    const { secret_key: _key, ...machine } = expectSuccess(
      await t.request('POST', '/v1/machines', { key: t.first.secretKey, body }),
    )
    machines.push(machine)
  }
})
afterAll(() => t.close())

const list = (query = '') => t.request('GET', `/v1/machines${query}`, { key: t.first.secretKey })
const namesIn = ({ data }: Answer['body']) => data.map(({ name }: { name: string }) => name)

describe('listing machines', () => {
  it('gives them newest first with their count, in full and without secrets', async () => {
    const body = expectSuccess(await list())
    expect(body).toStrictEqual({ data: machines.toReversed(), total_count: 8 })
  })

  it.each([
    ['order_by=created_at', NAMES],
    ['order_by=%2Bcreated_at', NAMES],
    ['order_by=-created_at', NAMES.toReversed()],
    ['order_by=name', NAMES.toSorted()],
    ['order_by=%2Bname', NAMES.toSorted()],
    ['order_by=-name', NAMES.toSorted().toReversed()],
    ['limit=2', NAMES.toReversed().slice(0, 2)],
    ['limit=2&offset=2', NAMES.toReversed().slice(2, 4)],
    ['limit=500&offset=7', NAMES.slice(0, 1)],
    ['offset=8', []],
    ['query=', NAMES.toReversed()],
    ['query=alpha', ['Alpha']],
    ['query=ALPHA', ['Alpha']],
    ['query=et', ['beta']],
    ['query=gamma', []],
    ['query=%C3%84', ['ÄRGER']],
    ['query=%C3%84rger', ['ÄRGER']],
    // Stops a search from being made to match everything, or to cost what it should not.
    ['query=%25', ['100%']],
    ['query=_', ['a_b']],
    ['query=a_b', ['a_b']],
    ['query=%5C', ['back\\slash']],
    ['query=%27', ["quo'te"]],
    ['query=%27%20or%201%3D1%20--', []],
  ])('with %s gives %o', async (query, names) => {
    expect(namesIn(expectSuccess(await list(`?${query}`)))).toStrictEqual(names)
  })

  // Stops a search from being cut short by a character that the database takes for its end.
  it.each(['%00', 'al%00pha', 'alpha%00'])(
    'takes a NUL for no end of what is searched for: %s',
    async (query) => {
      const { status, body } = await list(`?query=${query}`)
      expect([200, 422]).toContain(status)
      if (status === 200) expect(namesIn(body)).toStrictEqual([])
    },
  )

  it('finds a machine by its whole id and by no part of it', async () => {
    const { id } = machines[2]
    expect(namesIn(expectSuccess(await list(`?query=${id}`)))).toStrictEqual(['100%'])
    expect(namesIn(expectSuccess(await list(`?query=${id.slice(0, -1)}`)))).toStrictEqual([])
    expect(namesIn(expectSuccess(await list('?query=mch')))).toStrictEqual([])
  })

  it('counts what matches, whatever page is asked for', async () => {
    expect(expectSuccess(await list('?limit=1')).total_count).toBe(8)
    expect(expectSuccess(await list('?limit=1&offset=100')).total_count).toBe(8)
    expect(expectSuccess(await list('?query=b&limit=1')).total_count).toBe(4)
  })

  it('gives ten where no limit is said', async () => {
    const other = await t.addInstance()
    await Promise.all(Array.from({ length: 12 }, () => t.machine(other)))
    const body = expectSuccess(await t.request('GET', '/v1/machines', { key: other.secretKey }))
    expect([body.data.length, body.total_count]).toStrictEqual([10, 12])
  })

  it.each([
    ['limit', 'form_param_value_invalid', 'limit=0'],
    ['limit', 'form_param_value_too_large', 'limit=501'],
    ['limit', 'form_param_format_invalid', 'limit=-1'],
    ['limit', 'form_param_format_invalid', 'limit='],
    ['limit', 'form_param_format_invalid', 'limit=ten'],
    ['limit', 'form_param_format_invalid', 'limit=1.5'],
    ['offset', 'form_param_format_invalid', 'offset=-1'],
    ['offset', 'form_param_value_too_large', 'offset=4294967296'],
    ['order_by', 'form_param_value_invalid', 'order_by=id'],
    ['order_by', 'form_param_value_invalid', 'order_by='],
    ['order_by', 'form_param_value_invalid', 'order_by=name;drop'],
    ['order_by', 'form_param_value_invalid', 'order_by=--name'],
    ['query', 'form_param_max_length_exceeded', `query=${'a'.repeat(256)}`],
    ['nam', 'form_param_unknown', 'nam=x'],
    ['__proto__', 'form_param_unknown', '__proto__=x'],
    ['constructor', 'form_param_unknown', 'constructor=x'],
  ])('refuses a bad %s with 422 %s: %s', async (param, code, query) => {
    expectRefusal(await list(`?${query}`), 422, code, param)
  })

  it.each(['limit=1&limit=1', 'query=a&query=b', 'query=%ff', 'query=%zz', 'query=%'])(
    'is 400 for a query with two readings or none: %s',
    async (query) => {
      expectRefusal(await list(`?${query}`), 400, 'malformed_request_parameters')
    },
  )
})
