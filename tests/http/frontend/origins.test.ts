import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BESIDE, ELSEWHERE, EVIL, OWN, expectRefused, expectTold, startSite, type Site } from './support.ts'

let site: Site

beforeAll(async () => {
  site = await startSite()
})

afterAll(() => site.close())

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

// A27: stops any page but those that are listed from using somebody's cookie.
describe('a page', () => {
  it.each([OWN, BESIDE, ELSEWHERE])('of %s may ask, and is told that it may', async (origin) => {
    for (const method of ['GET', 'POST']) {
      const path = method === 'GET' ? '/v1/client' : '/v1/client/sessions?_method=DELETE'
      const reply = await site.ask({ method, path, headers: { origin } })
      expectTold(reply)
      expect(reply.headers.get('access-control-allow-origin')).toBe(origin)
      expect(reply.headers.get('access-control-allow-credentials')).toBe('true')
      expect(reply.headers.get('access-control-expose-headers')).toContain('Retry-After')
      expect(reply.headers.get('vary')).toBe('Origin')
    }
  })

  it.each([
    EVIL,
    'null',
    '*',
    `${BESIDE}.evil.example`,
    `${BESIDE}:444`,
    `${BESIDE}/`,
    BESIDE.replace('https', 'http'),
    BESIDE.toUpperCase(),
    'https://evilapp.site.example',
    'https://site.example',
    `${BESIDE} `,
    `${BESIDE}, ${EVIL}`,
    '',
  ])('of %j may neither ask nor read', async (origin) => {
    for (const [method, path] of [
      ['GET', '/v1/client'],
      ['GET', '/v1/environment'],
      ['POST', '/v1/client/sign_ins'],
      ['POST', '/v1/client/sessions?_method=DELETE'],
      ['OPTIONS', '/v1/client/sign_ins'],
    ] as const) {
      const reply = await site.ask({ method, path, headers: { ...FORM, origin }, body: 'strategy=ticket' })
      expectRefused(reply, 403, 'origin_invalid', null)
      expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  it('that says two origins is of none', async () => {
    const reply = await site.ask({ path: '/v1/client', headers: { origin: BESIDE }, repeated: ['origin'] })
    expectRefused(reply, 403, 'origin_invalid', null)
  })

  it('that says none may look, as its own pages do, and change nothing', async () => {
    expectTold(await site.ask({ path: '/v1/client' }))
    expectRefused(
      await site.ask({ method: 'POST', path: '/v1/client/sign_ins', headers: FORM }),
      403,
      'origin_invalid',
      null,
    )
  })

  it('is told before it asks what it may send', async () => {
    const headers = { origin: BESIDE, 'access-control-request-method': 'PATCH' }
    const reply = await site.ask({ method: 'OPTIONS', path: '/v1/environment', headers })
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 204, text: '' })
    expect(reply.headers.get('access-control-allow-origin')).toBe(BESIDE)
    expect(reply.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(reply.headers.get('access-control-allow-headers')).toContain('Authorization')
  })

  it('is told what went wrong, if it may ask', async () => {
    const ask = (method: string, path: string, body = '') =>
      site.ask({ method, path, headers: { ...FORM, origin: BESIDE }, body })
    expectRefused(await ask('GET', '/v1/nothing'), 404, 'resource_not_found')
    expectRefused(await ask('PUT', '/v1/client'), 405, 'method_not_allowed')
    expectRefused(await ask('POST', '/v1/client/sign_ins'), 422, 'form_param_missing')
    expectRefused(
      await ask('POST', '/v1/client/sign_ins', 'strategy=password'),
      422,
      'form_param_value_invalid',
    )
    expectRefused(
      await ask('POST', '/v1/client/sign_ins', 'strategy=ticket&ticket=x'),
      400,
      'ticket_invalid_code',
    )
  })

  it('of an application that was taken off the list is refused from then on', async () => {
    await site.setBrowsing(site.t.first, { allowedOrigins: [BESIDE] })
    const reply = await site.ask({ path: '/v1/client', headers: { origin: ELSEWHERE } })
    expectRefused(reply, 403, 'origin_invalid', null)
    await site.setBrowsing(site.t.first, { allowedOrigins: [BESIDE, ELSEWHERE] })
  })
})

describe('a form', () => {
  const signIn = (body: string | Uint8Array, headers: Record<string, string> = FORM) =>
    site.ask({ method: 'POST', path: '/v1/client/sign_ins', headers: { ...headers, origin: BESIDE }, body })

  it.each(['strategy=ticket&strategy=ticket', 'ticket=%zz', 'ticket=%ff', 'ticket=a&ticket=b'])(
    'that can be read in more than one way is refused: %s',
    async (body) => expectRefused(await signIn(body), 400, 'malformed_request_parameters'),
  )

  it.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
    'of type %s is none',
    async (type) =>
      expectRefused(
        await signIn('strategy=ticket', { 'content-type': type }),
        415,
        'unsupported_content_type',
      ),
  )

  it('has no names that reach into objects', async () => {
    expectRefused(await signIn('__proto__=1&constructor=2'), 422, 'form_param_missing')
  })
})
