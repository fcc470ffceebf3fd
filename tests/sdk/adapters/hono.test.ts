import { getAuth, mintmarkMiddleware, requireAuth, type AuthVariables } from '@mintmark/sdk/hono'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { m2mToken } from '../../support/signed-jwt.ts'
import { bearer, breakableAuthenticator, describeAdapter } from './support.ts'

const headersOf = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1]!] as [string, string]] : []))

describeAdapter('Hono', (authenticator) => {
  const app = new Hono<{ Variables: AuthVariables }>()
  app.use(mintmarkMiddleware({ authenticator }))
  app.get('/open', (c) => c.json({ subject: c.var.auth.subject, tokenType: c.get('auth').tokenType }))
  app.get('/machines', requireAuth({ acceptsToken: 'm2m_token' }), (c) => {
    const { subject, tokenType } = getAuth(c)
    return c.json({ subject, tokenType })
  })
  app.get('/nobody', requireAuth({ acceptsToken: 'm2m_token', permits: () => false }), (c) => c.text('never'))
  return { get: async (path, headers) => app.request(path, { headers: headersOf(headers) }) }
})

describe('requireAuth of Hono', () => {
  it('needs no middleware if it has an authenticator', async () => {
    const { authenticator } = breakableAuthenticator()
    const app = new Hono()
    app.get('/', requireAuth({ authenticator, acceptsToken: ['m2m_token'] }), (c) => c.text('served'))
    const response = await app.request('/', { headers: headersOf(bearer(m2mToken())) })
    expect(await response.text()).toBe('served')
  })

  it('serves nobody if it has neither', async () => {
    const app = new Hono()
    let seen: unknown
    app.get('/', requireAuth({ acceptsToken: 'any' }), (c) => c.text('never'))
    app.onError((error, c) => {
      seen = error
      return c.text('', 500)
    })
    expect((await app.request('/', { headers: headersOf(bearer(m2mToken())) })).status).toBe(500)
    expect(seen).toMatchObject({ code: 'invalid_request' })
  })
})
