/** A session from the side of its page: tokens, activity, and signing out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/authority.ts'
import { expectUnchanged, PATTERNS, readJwt } from '../support.ts'
import { startScene, type Scene } from './scene.ts'
import {
  BESIDE,
  ELSEWHERE,
  expectRefused,
  expectTold,
  OWN,
  visitorOf,
  type Backend,
  type Site,
} from './support.ts'

let scene: Scene
let site: Site
let backend: Backend

beforeAll(async () => {
  scene = await startScene()
  ;({ site, backend } = scene)
})
afterAll(() => site.close())

describe('a token', () => {
  it.each([BESIDE, ELSEWHERE, OWN])('is not wrapped, and is for the origin that asks: %s', async (origin) => {
    const { visitor, id } = await scene.signedIn({ origin })
    const told = expectTold(await visitor.post(`/v1/client/sessions/${id}/tokens`))
    expect(told).toStrictEqual({ object: 'token', jwt: expect.stringMatching(PATTERNS.jwt) })
    const at = Math.floor(scene.now() / 1000)
    expect(readJwt(told.jwt).payload).toMatchObject({
      azp: origin,
      sid: id,
      sub: scene.userId,
      exp: at + 60,
      iss: OWN,
    })
    const verified = await backend.call('POST', '/v1/sessions/verify', { token: told.jwt })
    expect(verified.id).toBe(id)
  })

  it('is of no template: there are none', async () => {
    const { visitor, id } = await scene.signedIn()
    expectRefused(await visitor.post(`/v1/client/sessions/${id}/tokens/mine`), 404, 'resource_not_found')
  })
})

describe('touching a session', () => {
  it('answers with the session and the client', async () => {
    const { visitor, id } = await scene.signedIn()
    const touch = visitor.post(`/v1/client/sessions/${id}/touch`, {
      active_organization_id: '',
      intent: 'focus',
    })
    const told = expectTold(await touch)
    expect(told).toStrictEqual({ response: scene.session(id), client: scene.client(scene.session(id)) })
  })

  // A browser asks each minute, and there are many.
  it('writes nothing for a user’s own session that was in use just now, and notes it later', async () => {
    const { visitor, id } = await scene.signedIn()
    const began = scene.now()
    site.t.clock.advance(19_999)
    const touch = () => visitor.post(`/v1/client/sessions/${id}/touch`)
    const first = expectTold(await expectUnchanged(site.t, touch))
    expect(first.response.last_active_at).toBe(began)
    site.t.clock.advance(1)
    expectTold(await touch())
    expect((await backend.call('GET', `/v1/sessions/${id}`)).last_active_at).toBe(scene.now())
  })
})

describe.each(['end', 'remove'])('POST …/%s', (what) => {
  it('signs out of the session, and the browser is kept', async () => {
    const { visitor, id } = await scene.acting()
    const cookie = visitor.jar.get('__client')
    const told = expectTold(await visitor.post(`/v1/client/sessions/${id}/${what}`))
    expect(told.response).toMatchObject({ id, status: 'ended', last_active_token: null })
    expect(told.client).toStrictEqual(scene.client())
    expect(visitor.jar.get('__client')).toBe(cookie)
    for (const path of ['tokens', 'touch']) {
      expectRefused(await visitor.post(`/v1/client/sessions/${id}/${path}`), 401, 'signed_out')
    }
    expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe('ended')
  })

  // The helper of Playwright sends a request again whose answer it could not read.
  it('twice answers as before, and changes nothing', async () => {
    const { visitor, id } = await scene.signedIn()
    const end = () => visitor.post(`/v1/client/sessions/${id}/${what}`)
    const first = expectTold(await end())
    const again = await expectUnchanged(site.t, end)
    expect(expectTold(again)).toStrictEqual(first)
  })
})

describe('signing out of all sessions', () => {
  it.each([
    ['POST', '/v1/client/sessions?_method=DELETE'],
    ['POST', '/v1/client/sessions?_method=delete'],
    ['DELETE', '/v1/client/sessions'],
  ])('is %s %s', async (method, path) => {
    const { visitor, id } = await scene.signedIn()
    const cookie = `__client=${visitor.jar.get('__client')}`
    const told = expectTold(await site.ask({ method, path, headers: { origin: BESIDE, cookie } }))
    expect(told).toStrictEqual({ response: scene.client(), client: null })
    expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe('ended')
  })

  it('is nothing to a browser that has none', async () => {
    const reply = await expectUnchanged(site.t, () =>
      visitorOf(site).post('/v1/client/sessions?_method=DELETE'),
    )
    expect(expectTold(reply)).toStrictEqual({ response: null, client: null })
  })

  // Stops an image on any page from signing somebody out.
  it('is not what a GET can mean', async () => {
    const { visitor, id } = await scene.signedIn()
    expectRefused(await visitor.get('/v1/client/sessions?_method=DELETE'), 405, 'method_not_allowed')
    expect((await backend.call('GET', `/v1/sessions/${id}`)).status).toBe('active')
  })
})

describe('what is not there', () => {
  it.each([
    ['GET', '/v1/nothing', 404],
    ['GET', '/v1/client/', 404],
    ['GET', '/v1/users', 404],
    ['POST', '/v1/actor_tokens', 404],
    ['POST', '/v1/client', 405],
    ['GET', '/v1/client/sign_ins', 405],
    ['POST', '/v1/client/sign_ins?_method=PATCH', 405],
    ['POST', '/v1/client/sessions/sess_1/tokens', 404],
    ['POST', '/v1/client/sessions/constructor/end', 404],
  ])('is refused as JSON that the page can read: %s %s', async (method, path, status) => {
    const reply = await site.ask({ method, path, headers: { origin: BESIDE } })
    expectRefused(reply, status, status === 404 ? 'resource_not_found' : 'method_not_allowed')
    expect(reply.headers.get('allow') !== null).toBe(status === 405)
  })

  it('is what a key of the Backend API opens here', async () => {
    const headers = { authorization: `Bearer ${site.t.first.secretKey}`, origin: BESIDE }
    const before: Answer['body'] = await site.ask({ path: '/v1/users', headers })
    expectRefused(before, 404, 'resource_not_found')
  })

  it('answers HEAD as GET, without a body', async () => {
    const { visitor } = await scene.signedIn()
    const cookie = `__client=${visitor.jar.get('__client')}`
    const reply = await site.ask({ method: 'HEAD', path: '/v1/client', headers: { cookie } })
    expect({ status: reply.status, text: reply.text }).toStrictEqual({ status: 200, text: '' })
  })
})
