/** What clerk-js is told when somebody signs in, and whenever it asks who is there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectUnchanged, readJwt } from '../support.ts'
import { PRIVATE, startScene, type Scene } from './scene.ts'
import {
  backendOf,
  BESIDE,
  expectRefused,
  expectTold,
  OWN,
  startSite,
  visitorOf,
  type Backend,
  type Reply,
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

describe('a sign-in', () => {
  it('answers with what was done and with the whole client', async () => {
    const { told, id } = await scene.signedIn()
    expect(told).toStrictEqual({
      response: {
        object: 'sign_in_attempt',
        id: id.replace('sess_', 'sia_'),
        status: 'complete',
        supported_identifiers: [],
        supported_first_factors: [{ strategy: 'ticket' }],
        supported_second_factors: [],
        first_factor_verification: {
          object: 'verification_ticket',
          status: 'verified',
          strategy: 'ticket',
          attempts: null,
          expire_at: null,
        },
        second_factor_verification: null,
        identifier: 'ada@example.com',
        user_data: { first_name: 'Ada', last_name: 'Lovelace', image_url: '', has_image: false },
        created_session_id: id,
        abandon_at: scene.now(),
      },
      client: scene.client(scene.session(id)),
    })
  })

  it('of an actor says who acts, and ends sooner', async () => {
    const actor = { sub: 'user_support', iss: 'desk', 'née "x"': [1] }
    const { told, id } = await scene.acting({ actor, permissions: ['read'] })
    const expected = scene.session(id, {
      actor: { ...actor, permissions: ['read'] },
      expire_at: scene.now() + 1_800_000,
      abandon_at: scene.now() + 600_000,
    })
    expect(told.client).toStrictEqual(scene.client(expected))
    expect(readJwt(told.client.sessions[0].last_active_token.jwt).payload.act).toStrictEqual(expected.actor)
  })
})

describe('the client', () => {
  it('is nobody to a browser that has not signed in', async () => {
    expect(expectTold(await visitorOf(site).get('/v1/client'))).toStrictEqual({
      response: null,
      client: null,
    })
  })

  it('has the sessions of its browser that are good', async () => {
    const { visitor, id } = await scene.signedIn()
    expect(expectTold(await visitor.get('/v1/client'))).toStrictEqual({
      response: scene.client(scene.session(id)),
      client: null,
    })
  })

  it('has a user of whom nothing is kept, where the application keeps its users itself', async () => {
    const open = await startSite({ policy: { acceptUnknownUsers: true } })
    try {
      const { token } = await backendOf(open).signInToken('user_elsewhere')
      const visitor = visitorOf(open)
      expectTold(await visitor.signIn(token))
      const { sessions } = expectTold(await visitor.get('/v1/client')).response
      expect(sessions[0].user).toMatchObject({
        id: 'user_elsewhere',
        first_name: null,
        email_addresses: [],
        public_metadata: {},
      })
      expect(sessions[0].public_user_data).toMatchObject({ identifier: '', user_id: 'user_elsewhere' })
    } finally {
      await open.close()
    }
  })

  it('has no session of a user that was deleted', async () => {
    const leaving = await backend.user()
    const { visitor, id } = await scene.signedIn({}, leaving)
    await backend.call('DELETE', `/v1/users/${leaving}`)
    expect(expectTold(await visitor.get('/v1/client')).response.sessions).toStrictEqual([])
    expectRefused(await visitor.post(`/v1/client/sessions/${id}/tokens`), 401, 'signed_out')
  })

  // Stops what only the application's server may know from reaching a page.
  it('and every other answer is without private metadata', async () => {
    const { visitor, told, id } = await scene.acting()
    const at = `/v1/client/sessions/${id}`
    const replies: Reply[] = [
      await visitor.get('/v1/client'),
      await visitor.get('/v1/environment'),
      await visitor.post(`${at}/touch`),
      await visitor.post(`${at}/tokens`),
      await visitor.get(`/v1/client/handshake?redirect_url=${encodeURIComponent(BESIDE)}`),
      await visitor.post(`${at}/end`),
    ]
    const texts = [
      JSON.stringify(told),
      ...replies.map(({ text, headers }) => text + headers.get('location')),
    ]
    for (const text of texts) {
      expect(text).not.toContain(PRIVATE)
      expect(text).not.toContain('private_metadata')
    }
  })
})

describe('the environment', () => {
  it.each([
    ['GET', '/v1/environment'],
    ['POST', '/v1/environment?_method=PATCH'],
    ['PATCH', '/v1/environment'],
  ])('is told by %s %s, to whoever asks', async (method, path) => {
    const told = expectTold(await site.ask({ method, path, headers: { origin: BESIDE } }))
    expect(told).toMatchObject({
      auth_config: { single_session_mode: true },
      display_config: {
        instance_environment_type: 'development',
        application_name: 'instance 1',
        sign_in_url: `${OWN}/sign-in`,
        home_url: '',
        captcha_public_key: null,
      },
      maintenance_mode: false,
    })
  })

  it('names the application’s own pages, if it has some, and says that an instance is live', async () => {
    const { instance, host } = await site.addLive()
    const signInUrl = 'https://app.example/in'
    await site.setBrowsing(instance, { signInUrl, homeUrl: 'https://app.example/' })
    const visitor = visitorOf(site, { host })
    const { display_config } = expectTold(await visitor.get('/v1/environment'))
    expect(display_config).toMatchObject({
      instance_environment_type: 'production',
      sign_in_url: signInUrl,
      home_url: 'https://app.example/',
      after_sign_out_all_url: signInUrl,
    })
  })

  it('has an id for a browser that asks for one, and keeps none', async () => {
    const reply = await expectUnchanged(site.t, () => visitorOf(site).post('/v1/dev_browser'))
    expect(expectTold(reply)).toStrictEqual({ id: expect.stringMatching(/^dvb_[\w-]{36}$/) })
  })
})
