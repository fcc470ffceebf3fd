/** What a page is told when something is wrong that is not its person's doing, and what the operator is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inDatabase } from '../idempotency.ts'
import { startScene, type Scene } from './scene.ts'
import {
  BESIDE,
  EVIL,
  expectRefused,
  expectTold,
  visitorOf,
  type Backend,
  type Reply,
  type Site,
  type Visitor,
} from './support.ts'

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

  type Act = (visitor: Visitor, id: string, ticket: string, testingToken: string) => Promise<Reply>
  const client: Act = (visitor) => visitor.get('/v1/client')
  const token: Act = (visitor, id) => visitor.post(`/v1/client/sessions/${id}/tokens`)
  const end: Act = (visitor, id) => visitor.post(`/v1/client/sessions/${id}/end`)
  const signIn: Act = (_visitor, _id, ticket) => visitorOf(site).signIn(ticket)
  const signInAgain: Act = (visitor, _id, ticket) => visitor.signIn(ticket)
  const signInTesting: Act = (_visitor, _id, ticket, testingToken) =>
    visitorOf(site).post(`/v1/client/sign_ins?__clerk_testing_token=${testingToken}`, {
      strategy: 'ticket',
      ticket,
    })

  // Stops a fault from looking like "signed out", or like a link that is no good.
  it.each([
    ['browsers', 'asking who is there', client],
    ['browsers', 'a sign-in', signIn],
    ['browsers', 'a sign-in where somebody is', signInAgain],
    ['sessions', 'asking who is there', client],
    ['sessions', 'asking for a token', token],
    ['sessions', 'a sign-in', signIn],
    ['users', 'asking who is there', client],
    ['users', 'a sign-in', signIn],
    ['actor_tokens', 'a sign-in', signIn],
    ['testing_tokens', 'a sign-in with a testing token', signInTesting],
    ['audit_events', 'asking for a token of an actor', token],
    ['audit_events', 'a sign-in', signIn],
    ['audit_events', 'signing out', end],
  ] as const)(
    'is no verdict: without %s, %s is to be tried again, and changes nothing',
    async (table, _what, act) => {
      const { visitor, id } = await scene.acting()
      const issued = await backend.actorToken(scene.userId)
      const testing = await backend.call('POST', '/v1/testing_tokens', { max_uses: 1 })
      const reply = await without(table, () => act(visitor, id, issued.token, testing.token))
      expectRefused(reply, 503, 'service_unavailable')
      expect((await backend.call('GET', `/v1/actor_tokens/${issued.id}`)).status).toBe('pending')
      expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe('active')
      await backend.call('POST', '/v1/testing_tokens/verify', { token: testing.token })
    },
  )

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
