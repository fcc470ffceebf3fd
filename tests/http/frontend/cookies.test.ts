import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  backendOf,
  BESIDE,
  ELSEWHERE,
  EVIL,
  expectRefused,
  expectTold,
  OWN,
  startSite,
  visitorOf,
  type Backend,
  type Site,
} from './support.ts'

let site: Site
let backend: Backend
let userId: string

beforeAll(async () => {
  site = await startSite()
  backend = backendOf(site)
  userId = await backend.user()
})

afterAll(() => site.close())

const signedIn = async (origin: string = BESIDE) => {
  const visitor = visitorOf(site, { origin })
  const reply = await visitor.signIn((await backend.signInToken(userId)).token)
  expectTold(reply)
  return { visitor, reply }
}
const namesOf = (cookies: readonly string[]) => cookies.map((each) => each.slice(0, each.indexOf('=')))

describe('the cookie of a browser', () => {
  it('is read by no script, sent over no plain connection, and by no other host', async () => {
    const { reply } = await signedIn()
    const [cookie] = reply.cookies
    expect(cookie).toMatch(/^__client=bt_[0-9A-Za-z]{51}; /)
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'Max-Age=31536000'])
      expect(cookie).toContain(attribute)
    expect(cookie).not.toContain('Domain')
  })

  it.each([
    [BESIDE, 'Lax'],
    [OWN, 'Lax'],
    [ELSEWHERE, 'None'],
  ])('for a page of %s is SameSite=%s', async (origin, sameSite) => {
    const { reply } = await signedIn(origin)
    expect(reply.cookies[0]).toContain(`SameSite=${sameSite}`)
  })

  it('is not given to a browser that only looks', async () => {
    const reply = await visitorOf(site).get('/v1/client')
    expect(expectTold(reply)).toEqual({ response: null, client: null })
    expect(reply.cookies).toEqual([])
  })

  // A15, A20: stops a secret of another kind, of another instance, or of nobody from standing for a browser.
  it('is nothing if it was altered, of another kind or of another instance', async () => {
    const { visitor } = await signedIn()
    const good = visitor.jar.get('__client')!
    const other = await site.addLive()
    const theirs = visitorOf(site, { host: other.host })
    const theirBackend = backendOf(site, other.instance)
    expectTold(await theirs.signIn((await theirBackend.signInToken(await theirBackend.user())).token))
    const swapped = good.endsWith('0') ? '1' : '0'
    const cookies = [
      `__client=${good.slice(0, -1)}${swapped}`,
      `__client=${theirs.jar.get('__client')}`,
      `__client=${site.t.first.secretKey}`,
      '__client=',
      `x__client=${good}`,
      `__client=${good.replace('bt_', 'rt_')}`,
    ]
    for (const cookie of cookies) {
      const reply = await site.ask({ path: '/v1/client', headers: { origin: BESIDE, cookie } })
      expect(expectTold(reply).response, cookie.slice(0, 20)).toBeNull()
    }
    const reply = await site.ask({
      path: '/v1/client',
      headers: { origin: BESIDE, cookie: `a=b; __client=${good}; c=d` },
    })
    expect(expectTold(reply).response.sessions).toHaveLength(1)
  })

  // Stops a host beside this one from hiding a session, so that a person who signs out is told so and is not.
  it('is not believed where there are two, and the one that another host has set is taken back', async () => {
    const { visitor } = await signedIn()
    const good = visitor.jar.get('__client')!
    for (const cookie of [`__client=${good}; __client=x`, `__client=x; __client=${good}`]) {
      for (const [method, path] of [
        ['GET', '/v1/client'],
        ['POST', '/v1/client/sessions?_method=DELETE'],
      ] as const) {
        const reply = await site.ask({ method, path, headers: { origin: BESIDE, cookie } })
        expect({ status: reply.status, code: reply.body.errors[0].code }).toEqual({
          status: 401,
          code: 'authentication_invalid',
        })
        expect(reply.cookies).toEqual(['__client=; Path=/; Domain=site.example; Max-Age=0; Secure'])
      }
    }
  })

  it('opens the sessions of its own browser only', async () => {
    const [one, other] = [await signedIn(), await signedIn()]
    const { id } = expectTold(await other.visitor.get('/v1/client')).response.sessions[0]
    for (const what of ['tokens', 'touch', 'end', 'remove']) {
      expectRefused(await one.visitor.post(`/v1/client/sessions/${id}/${what}`), 401, 'signed_out')
    }
    expectTold(await other.visitor.post(`/v1/client/sessions/${id}/tokens`))
  })
})

describe('a live instance', () => {
  const live = async () => {
    const { instance, host, own } = await site.addLive()
    const theirs = backendOf(site, instance)
    const parent = host.slice(host.indexOf('.') + 1)
    const origin = `https://app.${parent}`
    await site.setBrowsing(instance, { allowedOrigins: [origin, ELSEWHERE] })
    const visitor = visitorOf(site, { host, origin })
    const reply = await visitor.signIn((await theirs.signInToken(await theirs.user())).token)
    expectTold(reply)
    return { reply, visitor, host, own, parent, theirs, origin }
  }

  it('tells the hosts beside it when somebody signed in, and gives their servers what renews a token', async () => {
    const { reply, parent } = await live()
    expect(namesOf(reply.cookies)).toEqual([
      '__client',
      expect.stringMatching(/^__client_uat_[\w-]{8}$/),
      '__client_uat',
      expect.stringMatching(/^__refresh_[\w-]{8}$/),
      '__refresh',
    ])
    for (const cookie of reply.cookies.slice(1)) expect(cookie).toContain(`Domain=${parent};`)
    const refresh = reply.cookies.filter((each) => each.startsWith('__refresh'))
    for (const cookie of refresh) expect(cookie).toMatch(/=rt_[0-9A-Za-z]{51};.*HttpOnly/)
  })

  it('takes both back when somebody signs out', async () => {
    const { visitor } = await live()
    const reply = await visitor.post('/v1/client/sessions?_method=DELETE')
    expectTold(reply)
    expect(reply.cookies.find((each) => each.startsWith('__client_uat='))).toMatch(/^__client_uat=0;/)
    expect(reply.cookies.find((each) => each.startsWith('__refresh='))).toMatch(/^__refresh=;.*Max-Age=0/)
  })

  it('has an application renew a token with what it gave, and with nothing else', async () => {
    const { reply, visitor, theirs, origin } = await live()
    const refresh = /__refresh=([^;]+)/.exec(reply.cookies.at(-1)!)![1]!
    const session = expectTold(await visitor.get('/v1/client')).response.sessions[0]
    const ask = (change: object) =>
      theirs.call('POST', `/v1/sessions/${session.id}/refresh`, {
        expired_token: session.last_active_token.jwt,
        refresh_token: refresh,
        request_origin: origin,
        ...change,
      })
    const renewed = await ask({})
    expect(renewed.object).toBe('token')
    const { cookies } = await ask({ format: 'cookie', suffixed_cookies: true, request_headers: { a: ['b'] } })
    expect(namesOf(cookies)).toEqual([expect.stringMatching(/^__session_[\w-]{8}$/), '__session'])
    for (const bad of [
      { refresh_token: 'rt_x' },
      { refresh_token: visitor.jar.get('__client') },
      { expired_token: 'x' },
    ]) {
      await expect(ask(bad)).rejects.toThrow(/401/)
    }
  })

  describe('sends a browser back from the handshake', () => {
    const shake = async (visit: Awaited<ReturnType<typeof live>>, back: string) =>
      site.ask({
        path: `/v1/client/handshake?redirect_url=${encodeURIComponent(back)}`,
        headers: { host: visit.host, cookie: `__client=${visit.visitor.jar.get('__client')}` },
      })
    const directivesIn = (jwt: string): string[] =>
      JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()).handshake

    it('with its cookies in one of their own, to a host beside it', async () => {
      const visit = await live()
      const reply = await shake(visit, `${visit.origin}/page?a=b`)
      expect({ status: reply.status, location: reply.headers.get('location') }).toEqual({
        status: 303,
        location: `${visit.origin}/page?a=b`,
      })
      expect(reply.cookies).toHaveLength(1)
      // A script of a host beside it must not read what opens the session.
      for (const attribute of [`Domain=${visit.parent}`, 'HttpOnly', 'Secure'])
        expect(reply.cookies[0]).toContain(attribute)
      const jwt = /^__clerk_handshake=([^;]+)/.exec(reply.cookies[0]!)![1]!
      const names = namesOf(directivesIn(jwt))
      expect(names).toEqual(expect.arrayContaining(['__session', '__client_uat']))
      const session = directivesIn(jwt).find((each) => each.startsWith('__session='))!
      const claims = JSON.parse(Buffer.from(session.split('.')[1]!, 'base64url').toString())
      expect(claims.azp).toBe(visit.origin)
    })

    it('with its cookies in the address, to a host elsewhere', async () => {
      const visit = await live()
      const reply = await shake(visit, `${ELSEWHERE}/page`)
      expect(reply.cookies).toEqual([])
      expect(reply.headers.get('location')).toMatch(
        /^https:\/\/elsewhere\.example:8443\/page\?__clerk_handshake=ey/,
      )
      expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
    })

    it('with none that sign in, if nobody is', async () => {
      const visit = await live()
      await visit.visitor.post('/v1/client/sessions?_method=DELETE')
      const reply = await shake(visit, `${ELSEWHERE}/page`)
      const jwt = new URL(reply.headers.get('location')!).searchParams.get('__clerk_handshake')!
      const session = directivesIn(jwt).find((each) => each.startsWith('__session='))
      expect(session).toMatch(/^__session=;.*Max-Age=0/)
    })

    // Stops a script of a host beside this one from asking for it, as a picture for instance.
    it('only if a person is on the way', async () => {
      const visit = await live()
      const ask = (dest: string) =>
        site.ask({
          path: `/v1/client/handshake?redirect_url=${encodeURIComponent(visit.origin)}`,
          headers: {
            host: visit.host,
            cookie: `__client=${visit.visitor.jar.get('__client')}`,
            'sec-fetch-dest': dest,
          },
        })
      for (const dest of ['image', 'script', 'empty', 'style']) {
        const reply = await ask(dest)
        expect({ dest, status: reply.status, cookies: reply.cookies }).toEqual({
          dest,
          status: 403,
          cookies: [],
        })
      }
      expect((await ask('document')).status).toBe(303)
    })

    // Stops a link that is sent to somebody from handing the session to whoever made the link.
    it('to nowhere but an application that is listed', async () => {
      const visit = await live()
      const parent = visit.parent
      for (const back of [
        EVIL,
        '',
        '/page',
        `//${new URL(EVIL).host}`,
        `https://evil.${parent}`,
        `${visit.origin}@evil.example`,
        `https://app.${parent}:444/`,
        `javascript://app.${parent}/%0aalert(1)`,
        visit.own,
      ]) {
        const reply = await shake(visit, back)
        expect({ back, status: reply.status, location: reply.headers.get('location') }).toEqual({
          back,
          status: 403,
          location: null,
        })
      }
    })
  })
})
