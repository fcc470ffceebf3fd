/** Which token of a request counts, and when a cookie does. */
import { createAuthenticator, type AcceptsToken, type Authenticator } from '@mintmark/sdk'
import { describe, expect, it } from 'vitest'
import { ISSUER, JWKS, m2mToken, NOW, sessionClaims } from '../../support/signed-jwt.ts'
import { PARTY, sessionToken } from './support.ts'

const options = { issuer: ISSUER, jwks: JWKS, now: () => NOW }
const withParties = createAuthenticator({ ...options, authorizedParties: [PARTY] })
const withoutParties = createAuthenticator(options)

async function reasonOf(
  headers: Record<string, string>,
  more: { method?: string; accepts?: AcceptsToken; by?: Authenticator } = {},
): Promise<string> {
  const { method = 'GET', accepts = 'any', by = withParties } = more
  const request = new Request('https://example.com/', { method, headers })
  const state = await by.authenticate(request, { acceptsToken: accepts })
  return state.isAuthenticated ? state.tokenType : state.reason
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const cookie = (...tokens: readonly string[]) => ({
  cookie: tokens.map((token) => `__session=${token}`).join('; '),
})

describe('the Authorization header', () => {
  it.each(['Bearer', 'bearer', 'BEARER'])('is read with the scheme %s', async (scheme) => {
    expect(await reasonOf({ authorization: `${scheme} ${m2mToken()}` })).toBe('m2m_token')
  })

  // Stops two readers in a row, such as a proxy and this one, from each taking another token.
  it.each([
    ['two tokens', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['another scheme beside it', (token: string) => `Basic YTpi, Bearer ${token}`],
    ['two words', (token: string) => `Bearer ${token} ${token}`],
    ['a tab', (token: string) => `Bearer\t${token}`],
    ['no token', () => 'Bearer'],
    ['a character that no token has', (token: string) => `Bearer ${token}"`],
    ['a token that is too long', () => `Bearer ${'a'.repeat(16_400)}`],
  ])('is refused with %s, even beside a good cookie', async (_, value) => {
    const headers = { authorization: value(m2mToken()), ...cookie(sessionToken()) }
    expect(await reasonOf(headers)).toBe('authorization-header-invalid')
  })

  it('comes before the cookie', async () => {
    expect(await reasonOf({ ...bearer(m2mToken()), ...cookie(sessionToken()) })).toBe('m2m_token')
    expect(await reasonOf({ ...bearer('bad'), ...cookie(sessionToken()) })).toBe('token-invalid')
  })

  it('of another scheme presents no token, so that a site may stand behind a password', async () => {
    expect(await reasonOf({ authorization: 'Basic YTpi' })).toBe('token-missing')
    expect(await reasonOf({ authorization: 'Basic YTpi', ...cookie(sessionToken()) })).toBe('session_token')
  })
})

describe('the session cookie', () => {
  it('counts where sessions are accepted, and only there', async () => {
    const others = 'a=b; __session_x=c; __sessions=d; novalue; '
    expect(await reasonOf({ cookie: `${others}__session=${sessionToken()}` })).toBe('session_token')
    expect(await reasonOf(cookie(sessionToken()), { accepts: ['m2m_token', 'machine_token'] })).toBe(
      'token-missing',
    )
  })

  // Stops a page on a neighbouring subdomain from using the session of another application.
  it('is not read without authorized parties, and refused if made for another one', async () => {
    expect(await reasonOf(cookie(sessionToken()), { by: withoutParties })).toBe('token-missing')
    expect(await reasonOf(bearer(sessionToken()), { by: withoutParties })).toBe('session_token')
    expect(await reasonOf(cookie(sessionToken({ azp: 'https://evil.example' })))).toBe(
      'token-invalid-authorized-parties',
    )
  })

  // Stops an attacker who can set a cookie for the domain from having it taken in place of the user's own.
  it('is refused if there are two that differ', async () => {
    const [one, other] = [sessionToken(), sessionToken({ jti: '0'.repeat(20) })]
    expect(await reasonOf(cookie(one, other))).toBe('session-cookie-invalid')
    expect(await reasonOf(cookie(one, one))).toBe('session_token')
    expect(await reasonOf(cookie('a'.repeat(16_400)))).toBe('session-cookie-invalid')
    expect(await reasonOf(cookie(''))).toBe('token-missing')
  })

  it('holds a session and nothing else', async () => {
    expect(await reasonOf(cookie(m2mToken()))).toBe('token-type-mismatch')
  })

  // Stops cross-site request forgery: a form on another site, sent with the user's cookie.
  it.each([
    ['POST', {}, 'session-cookie-cross-site'],
    ['DELETE', { origin: 'https://evil.example' }, 'session-cookie-cross-site'],
    ['POST', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 'session-cookie-cross-site'],
    ['POST', { origin: `${PARTY}.evil.example`, 'sec-fetch-site': 'same-site' }, 'session-cookie-cross-site'],
    ['POST', { origin: PARTY }, 'session_token'],
    ['PATCH', { 'sec-fetch-site': 'same-origin' }, 'session_token'],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 'session_token'],
  ])('counts for a %s with %j: %s', async (method, headers: Record<string, string>, expected) => {
    expect(await reasonOf({ ...cookie(sessionToken()), ...headers }, { method })).toBe(expected)
  })

  // Stops cross-site WebSocket hijacking: any page may open a socket to here, and the browser sends the cookie.
  it.each([
    [{ upgrade: 'websocket' }, 'session-cookie-cross-site'],
    [
      { upgrade: 'WebSocket', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      'session-cookie-cross-site',
    ],
    [{ 'sec-fetch-mode': 'websocket', origin: 'https://evil.example' }, 'session-cookie-cross-site'],
    [{ upgrade: 'websocket', 'sec-fetch-site': 'same-origin' }, 'session-cookie-cross-site'],
    [{ upgrade: 'websocket', origin: PARTY, 'sec-fetch-site': 'same-site' }, 'session_token'],
    [{ 'sec-fetch-mode': 'websocket', origin: PARTY }, 'session_token'],
    [{ 'sec-fetch-mode': 'navigate', 'upgrade-insecure-requests': '1' }, 'session_token'],
  ])('opens a socket for the pages of a party alone: %j is %s', async (headers, expected) => {
    expect(await reasonOf({ ...cookie(sessionToken()), ...(headers as Record<string, string>) })).toBe(
      expected,
    )
  })

  it('of another site is answered with 403, and needs nothing of that for a header', async () => {
    const request = new Request('https://example.com/', { method: 'POST', headers: cookie(sessionToken()) })
    const state = await withParties.authenticate(request, { acceptsToken: 'any' })
    expect(state).toMatchObject({ isAuthenticated: false, status: 403 })
    expect(await reasonOf(bearer(sessionToken()), { method: 'POST' })).toBe('session_token')
  })
})

describe('a session', () => {
  const authOf = async (claims: object) => {
    const request = new Request('https://example.com/', { headers: bearer(sessionToken(claims)) })
    const state = await withParties.authenticate(request, { acceptsToken: 'session_token' })
    if (!state.isAuthenticated) throw new Error(state.reason)
    return state.toAuth()
  }

  it('says who is signed in, and who acts', async () => {
    const actor = { sub: 'user_support' }
    const auth = await authOf({ act: actor, plan: 'pro' })
    expect(auth).toMatchObject({
      userId: sessionClaims.sub,
      subject: sessionClaims.sub,
      sessionId: sessionClaims.sid,
      machineId: null,
      actor,
      claims: { plan: 'pro' },
      sessionClaims: { ...sessionClaims, plan: 'pro' },
      expiresAt: NOW + 60_000,
    })
    expect(Object.isFrozen(auth)).toBe(true)
    expect((await authOf({})).actor).toBeNull()
  })

  it('that is not finished is none', async () => {
    await expect(authOf({ sts: 'pending' })).rejects.toThrow('session-pending')
    await expect(authOf({ sts: 'active' })).resolves.toMatchObject({ tokenType: 'session_token' })
  })
})

describe('permits', () => {
  it('is asked of good tokens alone, and waited for', async () => {
    const asked: string[] = []
    const ask = (token: string, answer: boolean) =>
      withParties.authenticate(new Request('https://example.com/', { headers: bearer(token) }), {
        acceptsToken: 'm2m_token',
        permits: async ({ machineId }) => {
          asked.push(machineId)
          return answer
        },
      })
    expect(await ask(m2mToken(), true)).toMatchObject({ isAuthenticated: true })
    expect(await ask(m2mToken(), false)).toMatchObject({ reason: 'not-permitted', status: 403 })
    expect(await ask('bad', true)).toMatchObject({ reason: 'token-invalid' })
    expect(asked).toHaveLength(2)
  })
})
