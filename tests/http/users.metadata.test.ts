import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess, expectUnchanged } from './support.ts'

let t: TestAuthority
beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const made = async (body: object = {}): Promise<Answer['body']> =>
  expectSuccess(await t.request('POST', '/v1/users', { key: t.first.secretKey, body }))
const send = (method: 'PUT' | 'PATCH', { id }: Answer['body'], body: unknown) =>
  t.request(method, `/v1/users/${id}/metadata`, { key: t.first.secretKey, body })
const get = async ({ id }: Answer['body']) =>
  expectSuccess(await t.request('GET', `/v1/users/${id}`, { key: t.first.secretKey }))

describe('replacing the metadata of a user', () => {
  it('answers with the whole user, in which the kinds that were given are new and nothing else is', async () => {
    const before = await made({
      public_metadata: { a: 1, b: 2 },
      private_metadata: { c: 3 },
      username: 'ada',
    })
    t.clock.advance(1_000)
    const after = expectSuccess(await send('PUT', before, { public_metadata: { b: null, d: [1] } }))
    expect(after).toStrictEqual({
      ...before,
      public_metadata: { b: null, d: [1] },
      updated_at: t.clock.now(),
    })
    expect(await get(before)).toStrictEqual(after)
  })

  it('to an empty object takes everything of its kind away', async () => {
    const user = await made({ unsafe_metadata: { a: 1 } })
    expect(expectSuccess(await send('PUT', user, { unsafe_metadata: {} })).unsafe_metadata).toStrictEqual({})
  })
})

describe('merging into the metadata of a user', () => {
  it.each([
    ['adds what is new', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['replaces what is there', { a: 1 }, { a: 2 }, { a: 2 }],
    ['removes what is null', { a: 1, b: 2 }, { a: null }, { b: 2 }],
    ['removes nothing that is not there', { a: 1 }, { b: null }, { a: 1 }],
    [
      'merges objects at every level',
      { a: { b: { c: 1, d: 2 } } },
      { a: { b: { c: null, e: 3 } } },
      { a: { b: { d: 2, e: 3 } } },
    ],
    ['replaces lists as a whole', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['replaces a value by an object', { a: 1 }, { a: { b: 2 } }, { a: { b: 2 } }],
    ['replaces an object by a value', { a: { b: 2 } }, { a: 1 }, { a: 1 }],
    ['keeps no null of a new object', {}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    ['keeps a null in a list', {}, { a: [null] }, { a: [null] }],
    ['changes nothing by nothing', { a: 1 }, {}, { a: 1 }],
  ])('%s', async (_what, before, patch, after) => {
    const user = await made({ public_metadata: before, private_metadata: { kept: true } })
    const merged = expectSuccess(await send('PATCH', user, { public_metadata: patch }))
    expect(merged.public_metadata).toStrictEqual(after)
    expect(merged.private_metadata).toStrictEqual({ kept: true })
  })

  it('merges what is sent at once, losing nothing', async () => {
    const user = await made()
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
    await Promise.all(names.map((name) => send('PATCH', user, { public_metadata: { [name]: true } })))
    expect(Object.keys((await get(user)).public_metadata).toSorted()).toStrictEqual(names.toSorted())
  })

  // Stops a name from becoming the prototype of what is merged (prototype pollution).
  it('takes names that JavaScript treats specially for names', async () => {
    const user = await made({ public_metadata: { a: 1 } })
    const patch =
      '{"public_metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}'
    const { public_metadata } = expectSuccess(await send('PATCH', user, patch))
    expect(JSON.stringify(public_metadata)).toBe(
      '{"a":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    )
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('is refused where the whole would be too large, and changes nothing', async () => {
    const user = await made({ public_metadata: { a: 'x'.repeat(8_000) } })
    const answer = await expectUnchanged(t, () =>
      send('PATCH', user, { public_metadata: { b: 'x'.repeat(500) } }),
    )
    expect([answer.status, answer.body.errors[0].meta]).toStrictEqual([
      422,
      { param_name: 'public_metadata' },
    ])
    expectSuccess(await send('PATCH', user, { public_metadata: { a: null, b: 'x'.repeat(500) } }))
  })
})

describe.each(['PUT', 'PATCH'] as const)('metadata sent by %s', (method) => {
  it.each([
    ['public_metadata', { public_metadata: [] }],
    ['private_metadata', { private_metadata: 'x' }],
    ['unsafe_metadata', { unsafe_metadata: null }],
    ['public_metadata', { public_metadata: { a: 'x'.repeat(8_192) } }],
  ])('is 422 for a bad %s, and changes nothing: %o', async (param, body) => {
    const user = await made({ public_metadata: { a: 1 } })
    const answer = await expectUnchanged(t, () => send(method, user, body))
    expect([answer.status, answer.body.errors[0].meta.param_name]).toStrictEqual([422, param])
  })

  it('leaves names and identifiers alone', async () => {
    const user = await made({ username: `someone-${method}`, first_name: 'A' })
    const after = expectSuccess(await send(method, user, { username: 'other', first_name: null, id: 'x' }))
    expect(after).toMatchObject({ id: user.id, username: `someone-${method}`.toLowerCase(), first_name: 'A' })
  })

  it('is 404 for a user that is not there', async () => {
    const answer = await expectUnchanged(t, () => send(method, { id: `user_${'3'.repeat(27)}` }, {}))
    expectRefusal(answer, 404, 'resource_not_found')
  })
})
