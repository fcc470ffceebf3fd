import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess } from './support.ts'
import { signInWith } from './world.ts'

let t: TestAuthority
let key: string
let users: readonly string[]
/** Four sessions, the oldest first: of the first user, of the second, and two that an actor began. */
let all: readonly Answer['body'][]

beforeAll(async () => {
  t = await startAuthority()
  key = t.first.secretKey
  const post = async (path: string, body: object) =>
    expectSuccess(await t.request('POST', path, { key, body }))
  const [ada, grace] = [await post('/v1/users', {}), await post('/v1/users', {})]
  users = [ada.id, grace.id]
  const act = async (user_id: string) => {
    const actor = { sub: 'user_support' }
    const { token } = await post('/v1/actor_tokens', { user_id, actor, session_max_duration_in_seconds: 900 })
    return (await signInWith(t, t.first, token)).session
  }
  const ids = [
    (await post('/v1/sessions', { user_id: ada.id })).id,
    (await post('/v1/sessions', { user_id: grace.id })).id,
    await act(ada.id),
    await act(grace.id),
  ]
  await post(`/v1/sessions/${ids[1]}/revoke`, {})
  all = await Promise.all(
    ids.map(async (id) => expectSuccess(await t.request('GET', `/v1/sessions/${id}`, { key }))),
  )
})
afterAll(() => t.close())

const list = (query = '') => t.request('GET', `/v1/sessions${query}`, { key })
const indexesIn = async (query: string): Promise<readonly number[]> => {
  const body = expectSuccess(await list(query))
  return (body.data ?? body).map(({ id }: Answer['body']) => all.findIndex((each) => each.id === id))
}

describe('the list of sessions', () => {
  it.each(['', '?paginated=false', '?limit=500'])(
    'is bare, newest first, for the query "%s"',
    async (query) => {
      expect(expectSuccess(await list(query))).toStrictEqual(all.toReversed())
    },
  )

  it('is an object with the count of all where pages are asked for', async () => {
    expect(expectSuccess(await list('?paginated=true&limit=3&offset=1'))).toStrictEqual({
      data: all.toReversed().slice(1, 4),
      total_count: 4,
    })
    expect(expectSuccess(await list('?paginated=true&offset=9'))).toStrictEqual({ data: [], total_count: 4 })
  })

  it('is narrowed by user and browser', async () => {
    expect(await indexesIn(`?user_id=${users[0]}`)).toStrictEqual([2, 0])
    expect(await indexesIn(`?client_id=${all[3].client_id}`)).toStrictEqual([3])
    expect(await indexesIn(`?client_id=${all[3].client_id}&user_id=${users[0]}`)).toStrictEqual([])
    expect(await indexesIn(`?user_id=${ABSENT.user}`)).toStrictEqual([])
    expect(await indexesIn('?client_id=client_1')).toStrictEqual([])
    expect(expectSuccess(await list(`?paginated=true&limit=1&user_id=${users[1]}`)).total_count).toBe(2)
  })

  it('is narrowed by state as of now', async () => {
    const states = async () =>
      Object.fromEntries(
        await Promise.all(
          ['active', 'revoked', 'ended', 'expired', 'removed', 'abandoned', 'replaced'].map(
            async (state) => [state, await indexesIn(`?status=${state}`)] as const,
          ),
        ),
      )
    const nothing = { ended: [], expired: [], removed: [], abandoned: [], replaced: [] }
    expect(await states()).toStrictEqual({ ...nothing, active: [3, 2, 0], revoked: [1] })
    t.clock.advance(600_000)
    expect(await states()).toStrictEqual({ ...nothing, active: [0], abandoned: [3, 2], revoked: [1] })
    t.clock.advance(300_000)
    expect(await states()).toStrictEqual({ ...nothing, active: [0], expired: [3, 2], revoked: [1] })
    expect(await indexesIn(`?status=expired&user_id=${users[1]}&paginated=true`)).toStrictEqual([3])
    t.clock.advance(-900_000)
  })

  it.each([
    ['status', 'form_param_value_invalid', '?status=pending'],
    ['status', 'form_param_value_invalid', '?status='],
    ['limit', 'form_param_value_invalid', '?limit=0'],
    ['limit', 'form_param_value_too_large', '?limit=501'],
    ['limit', 'form_param_format_invalid', '?limit=x'],
    ['offset', 'form_param_format_invalid', '?offset=-1'],
    ['paginated', 'form_param_value_invalid', '?paginated=yes'],
    ['page', 'form_param_unknown', '?page=1'],
  ])('refuses a bad %s with 422 %s: %s', async (param, code, query) => {
    expectRefusal(await list(query), 422, code, param)
  })
})
