/** What a page is told when something is wrong that is not its person's doing, and what the operator is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inDatabase } from '../idempotency.ts'
import { startScene, type Scene } from './scene.ts'
import { BESIDE, EVIL, expectRefused, expectTold, visitorOf, type Backend, type Site } from './support.ts'

let scene: Scene
let site: Site
let backend: Backend

beforeAll(async () => {
  scene = await startScene()
  ;({ site, backend } = scene)
})
afterAll(() => site.close())

describe('a query', () => {
  it.each(['a=%ff', 'a=%', 'a=1&a=2', '__clerk_testing_token=x&__clerk_testing_token=y'])(
    'that can be read in more than one way is refused so that the page can read it: %s',
    async (query) => {
      const visitor = visitorOf(site)
      expectRefused(await visitor.get(`/v1/client?${query}`), 400, 'malformed_request_parameters')
      expectRefused(await visitor.post(`/v1/client/sign_ins?${query}`), 400, 'malformed_request_parameters')
    },
  )

  it('that a page may not send is refused for that', async () => {
    const visitor = visitorOf(site, { origin: EVIL })
    expectRefused(await visitor.get('/v1/client?a=%ff'), 403, 'origin_invalid', null)
  })

  it('of clerk-js is taken, whatever it says of itself', async () => {
    const query =
      '__clerk_api_version=2026-05-12&_clerk_js_version=6.40.0&_clerk_session_id=sess_1&rotating_token_nonce='
    expectTold(await visitorOf(site).get(`/v1/client?${query}`))
  })
})

describe('two cookies of a browser', () => {
  it('are refused so that the page can read it', async () => {
    const { visitor } = await scene.signedIn()
    const cookie = `__client=${visitor.jar.get('__client')}; __client=x`
    const reply = await site.ask({ path: '/v1/client', headers: { cookie, origin: BESIDE } })
    expect(reply.status).toBe(401)
    expect(reply.headers.get('access-control-allow-origin')).toBe(BESIDE)
  })
})

describe('a store that cannot answer', () => {
  const without = async <T>(table: string, work: () => Promise<T>): Promise<T> => {
    inDatabase(site.t, (db) => db.exec(`alter table ${table} rename to away`))
    try {
      return await work()
    } finally {
      inDatabase(site.t, (db) => db.exec(`alter table away rename to ${table}`))
    }
  }

  // Stops a fault from looking like "signed out", or like a link that is no good.
  it.each([
    'browsers',
    'sessions',
    'users',
    'actor_tokens',
    'testing_tokens',
    'signing_keys',
    'audit_events',
  ])('is no verdict: without %s, a page is told to come again, and nothing is changed', async (table) => {
    const { visitor, id } = await scene.acting()
    const { id: actorToken, token } = await backend.actorToken(scene.userId)
    const { token: testing } = await backend.call('POST', '/v1/testing_tokens', { max_uses: 1 })
    const replies = await without(table, () =>
      Promise.all([
        visitor.get('/v1/client'),
        visitor.post(`/v1/client/sessions/${id}/tokens`),
        visitor.post(`/v1/client/sessions/${id}/end`),
        visitorOf(site).signIn(token),
        visitorOf(site).post(`/v1/client/sign_ins?__clerk_testing_token=${testing}`, {
          strategy: 'ticket',
          ticket: token,
        }),
      ]),
    )
    expect(replies.map(({ status }) => status)).toContain(503)
    for (const reply of replies.filter(({ status }) => status !== 200)) {
      expectRefused(reply, 503, 'service_unavailable')
    }
    const { status } = await backend.call('GET', `/v1/actor_tokens/${actorToken}`)
    expect(status).toBe('pending')
    expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe(
      replies[2]!.status === 200 ? 'ended' : 'active',
    )
  })

  it('is told to the operator, and to no page', async () => {
    const { visitor } = await scene.acting()
    const before = site.faults.length
    const reply = await without('sessions', () => visitor.get('/v1/client'))
    expectRefused(reply, 503, 'service_unavailable')
    expect(site.faults).toHaveLength(before + 1)
    expect(reply.text).not.toMatch(/sessions|sql|table/i)
    expect(site.events.at(-1)).toMatchObject({ status: 503, operation: 'frontend.client' })
  })
})
