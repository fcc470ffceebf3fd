import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backendOf, CLERK_JS, EVIL, OWN, startSite, type Backend, type Site } from './support.ts'

let site: Site
let backend: Backend
let userId: string

beforeAll(async () => {
  site = await startSite()
  backend = backendOf(site)
  userId = await backend.user()
})

afterAll(() => site.close())

describe('clerk-js', () => {
  const file = (version: string, name = 'clerk.browser.js', headers = {}) =>
    site.ask({ path: `/npm/@clerk/clerk-js@${version}/dist/${name}`, headers })

  it.each(['6', '6.40', '6.40.2', '6.1.0', 'latest'])('is served as version %s', async (version) => {
    const reply = await file(version)
    expect(reply.status).toBe(200)
    expect(reply.text).toBe(String(CLERK_JS.files.get('clerk.browser.js')))
    expect(reply.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(reply.headers.get('access-control-allow-origin')).toBe('*')
    expect(reply.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })

  it('is kept for ever by its exact version, and for an hour by another', async () => {
    expect((await file('6.40.2')).headers.get('cache-control')).toContain('immutable')
    expect((await file('6')).headers.get('cache-control')).toBe('public, max-age=3600')
  })

  it('is compressed for whoever reads that', async () => {
    const reply = await file('6', 'clerk.browser.js', { 'accept-encoding': 'br, gzip' })
    expect(reply.headers.get('content-encoding')).toBe('gzip')
    expect(reply.headers.get('vary')).toBe('Accept-Encoding')
  })

  it.each([
    ['5', 'clerk.browser.js'],
    ['60', 'clerk.browser.js'],
    ['6', 'clerk.legacy.browser.js'],
    ['6', '..'],
    ['6', 'constructor'],
    ['', 'clerk.browser.js'],
  ])('has no version %j with a file %j', async (version, name) => {
    expect((await file(version, name)).status).toBe(404)
  })
})

describe('the sign-in page', () => {
  it('runs its own scripts and no others, and is put into no frame', async () => {
    const reply = await site.ask({ path: '/sign-in?__clerk_ticket=secret' })
    expect(reply.status).toBe(200)
    const policy = reply.headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(reply.headers.get('x-frame-options')).toBe('DENY')
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.text).not.toContain('secret')
    expect(reply.text).not.toMatch(/<script(?![^>]*src=)/)
    expect(reply.text).not.toMatch(/\son\w+=|\sstyle=/)
  })

  it('shows markup in a setting as text', async () => {
    await site.setBrowsing(site.t.first, { homeUrl: `${EVIL}/?a="><img src=x>` })
    const { text } = await site.ask({ path: '/sign-in' })
    expect(text).not.toContain('<img')
    expect(text).toContain('&quot;&gt;&lt;img src=x&gt;')
    await site.setBrowsing(site.t.first, { homeUrl: null })
  })

  it('has a style and a script of the same kind of answer', async () => {
    for (const [path, type] of [
      ['/sign-in.css', 'text/css'] as const,
      ['/sign-in.js', 'text/javascript'] as const,
    ]) {
      const reply = await site.ask({ path })
      expect(reply.headers.get('content-type')).toBe(`${type}; charset=utf-8`)
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('allows the challenge, where there is one, and nothing else', async () => {
    const challenged = await startSite({
      challenge: { verifyUrl: 'http://127.0.0.1:9/verify', secret: 's' },
      challengePage: { siteKey: 'site-key', script: 'https://challenge.example/api.js' },
    })
    const reply = await challenged.ask({ path: '/sign-in' })
    const policy = reply.headers.get('content-security-policy')!
    expect(policy).toContain("script-src 'self' https://challenge.example;")
    expect(policy).toContain('frame-src https://challenge.example')
    expect(reply.text).toContain('site-key')
    await challenged.close()
  })
})

describe('a link', () => {
  const follow = (ticket: string, method = 'GET') =>
    site.ask({ method, path: `/v1/tickets/accept?ticket=${ticket}` })

  // Stops a program that previews links from using up the ticket in one.
  it('leads to the sign-in page, however often it is followed, and uses nothing up', async () => {
    const { id, token } = await backend.actorToken(userId)
    for (let time = 0; time < 3; time++) {
      const reply = await follow(token)
      expect(reply.status).toBe(303)
      expect(reply.headers.get('location')).toBe(`${OWN}/sign-in?__clerk_ticket=${token}`)
      expect(reply.headers.get('referrer-policy')).toBe('no-referrer')
      expect(reply.headers.get('cache-control')).toBe('no-store')
    }
    expect((await backend.call('GET', `/v1/actor_tokens/${id}`)).status).toBe('pending')
  })

  it('leads to the page of the application, if it has one', async () => {
    await site.setBrowsing(site.t.first, { signInUrl: 'https://app.site.example/in?from=link' })
    const { token } = await backend.actorToken(userId)
    expect((await follow(token)).headers.get('location')).toBe(
      `https://app.site.example/in?from=link&__clerk_ticket=${token}`,
    )
    await site.setBrowsing(site.t.first, { signInUrl: null })
  })

  it('with anything but a ticket of the instance leads nowhere', async () => {
    const { token } = await backend.actorToken(userId)
    for (const bad of ['', 'x', token.slice(0, -4), `${token}a`, `${EVIL}/`]) {
      const reply = await follow(bad)
      expect({ status: reply.status, location: reply.headers.get('location') }).toEqual({
        status: 400,
        location: null,
      })
      expect(reply.body.errors[0].code).toBe('ticket_invalid_code')
    }
    expect((await site.ask({ path: '/v1/tickets/accept' })).status).toBe(400)
    const other = await site.addLive()
    const theirs = await backendOf(site, other.instance).actorToken(
      await backendOf(site, other.instance).user(),
    )
    expect((await follow(theirs.token)).status).toBe(400)
  })

  it('cannot be posted', async () => {
    const { token } = await backend.actorToken(userId)
    const reply = await follow(token, 'POST')
    expect({ status: reply.status, allow: reply.headers.get('allow') }).toEqual({ status: 405, allow: 'GET' })
  })
})

describe('the public keys', () => {
  it('are those of the instance whose origin is asked', async () => {
    const { host, instance } = await site.addLive()
    const ours = await site.ask({ path: '/.well-known/jwks.json' })
    const theirs = await site.ask({ path: '/.well-known/jwks.json', headers: { host } })
    expect(JSON.parse(ours.text).keys[0].kid).toBe(site.t.first.instance.id)
    expect(JSON.parse(theirs.text).keys[0].kid).toBe(instance.instance.id)
  })
})
