/** The handshake, as the published server library begins it and takes what comes back. */
import { createClerkClient } from '@clerk/backend'
import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishableKeyOf } from '../../../packages/server/src/directory/instances/instance.ts'
import type { TestInstance } from '../../support/authority.ts'
import { startScene, type Scene } from './scene.ts'
import { backendOf, BESIDE, expectTold, visitorOf, type Site, type Visitor } from './support.ts'

let scene: Scene
let site: Site

/** The server of an application beside a live instance. */
interface Application {
  readonly origin: string
  /** What the library makes of a request with these cookies. */
  authenticate(cookies: Readonly<Record<string, string>>, path?: string): ReturnType<typeof authenticateWith>
}
let application: Application
let visitor: Visitor
let sessionId: string

// The library takes the time from the machine.
beforeAll(async () => {
  scene = await startScene()
  ;({ site } = scene)
  site.t.clock.advance(Date.now() - site.t.clock.now())
  const { instance, own, host } = await site.addLive()
  const origin = own.replace('clerk.', 'app.')
  await site.setBrowsing(instance, { allowedOrigins: [origin] })
  const backend = backendOf(site, instance)
  visitor = visitorOf(site, { origin, host })
  const { token } = await backend.actorToken(await backend.user())
  sessionId = expectTold(await visitor.signIn(token)).response.created_session_id
  application = {
    origin,
    authenticate: (cookies, path = '/') => authenticateWith(instance, origin, cookies, path),
  }
})
afterAll(() => site.close())

async function authenticateWith(
  { instance, secretKey }: TestInstance,
  origin: string,
  cookies: Readonly<Record<string, string>>,
  path: string,
) {
  const { deps } = site.t.authority
  const publishableKey = publishableKeyOf(instance, deps.frontendOriginOf)
  const [key] = await deps.keys.published(instance.id)
  const jwk = { kty: 'RSA', ...key!.publicKey }
  const jwtKey = String(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }))
  const cookie = Object.entries(cookies).map((pair) => pair.join('='))
  const request = new Request(origin + path, {
    headers: { cookie: cookie.join('; '), 'sec-fetch-dest': 'document', accept: 'text/html' },
  })
  const options = { authorizedParties: [origin], jwtKey }
  return createClerkClient({ secretKey, publishableKey }).authenticateRequest(request, options)
}

/** Where a handshake leads, by the cookies that the browser has, and with what cookie of its own. */
async function follow(location: string, jar = visitor.jar) {
  const { host, pathname, search } = new URL(location)
  const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
  const reply = await site.ask({
    path: pathname + search,
    headers: { host, cookie, 'sec-fetch-dest': 'document' },
  })
  expect(reply.status).toBe(303)
  const [set] = reply.cookies
  return { to: reply.headers.get('location')!, cookie: /^__clerk_handshake=([^;]+)/.exec(set ?? '')?.[1] }
}

/** What an application's server sets after a handshake, by name. */
const cookiesIn = (headers: Headers): Readonly<Record<string, string>> =>
  Object.fromEntries(
    headers.getSetCookie().map((each) => {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each)!
      return [name!, value!] as const
    }),
  )

describe('a server without a token, though somebody is signed in', () => {
  it('sends the browser here, and knows who it is when it is back', async () => {
    const asked = await application.authenticate({ __client_uat: '1' }, '/page?a=b')
    expect(asked.status).toBe('handshake')
    const { to, cookie } = await follow(asked.headers.get('location')!)
    expect(to).toBe(`${application.origin}/page?a=b`)
    const back = await application.authenticate(
      { __client_uat: '1', __clerk_handshake: cookie! },
      '/page?a=b',
    )
    expect(back.reason).toBeNull()
    expect(back.toAuth()).toMatchObject({ sessionId, actor: { sub: 'user_support' } })
    const kept = cookiesIn(back.headers)
    expect(await application.authenticate(kept)).toMatchObject({ status: 'signed-in' })
  })

  it('learns that nobody is, if so, and does not ask again', async () => {
    const asked = await application.authenticate({ __client_uat: '1' })
    const { cookie } = await follow(asked.headers.get('location')!, new Map())
    const back = await application.authenticate({ __client_uat: '1', __clerk_handshake: cookie! })
    expect(back.status).toBe('signed-out')
    const kept = cookiesIn(back.headers)
    expect(kept).toMatchObject({ __client_uat: '0', __session: '' })
    const { __client_uat } = kept as { __client_uat: string }
    expect((await application.authenticate({ __client_uat })).status).toBe('signed-out')
  })

  // Stops a handshake of one instance from signing somebody in at another.
  it('takes none that another instance has signed', async () => {
    await site.setBrowsing(site.t.first, { allowedOrigins: [BESIDE, application.origin] })
    const { visitor: other } = await scene.signedIn()
    const back = encodeURIComponent(`${application.origin}/`)
    const reply = await other.get(`/v1/client/handshake?redirect_url=${back}`)
    const foreign = new URL(reply.headers.get('location')!).searchParams.get('__clerk_handshake')!
    const state = await application
      .authenticate({ __client_uat: '1', __clerk_handshake: foreign })
      .catch((error: unknown) => error)
    expect(state).not.toMatchObject({ status: 'signed-in' })
  })
})

describe('the handshake itself', () => {
  it.each(['POST', 'PUT', 'OPTIONS'])('is nothing that %s asks for', async (method) => {
    const back = encodeURIComponent(`${BESIDE}/`)
    const reply = await site.ask({ method, path: `/v1/client/handshake?redirect_url=${back}` })
    expect({ status: reply.status, allow: reply.headers.get('allow') }).toEqual({ status: 405, allow: 'GET' })
    expect(reply.cookies).toEqual([])
  })

  it('tells nobody the address that it came from, and is kept by nobody', async () => {
    const back = encodeURIComponent(`${BESIDE}/`)
    const reply = await site.ask({ path: `/v1/client/handshake?redirect_url=${back}` })
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
    expect(reply.headers.get('cache-control')).toBe('no-store')
  })
})
