/** What the adapters must do alike, whatever the framework. */
import { createAuthenticator, type Authenticator } from '@mintmark/sdk'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  header,
  ISSUER,
  JWKS,
  m2mClaims,
  m2mToken,
  NOW,
  SESSION,
  sessionClaims,
  signed,
} from '../../support/signed-jwt.ts'

export const PARTY = sessionClaims.azp
export const sessionToken = (claims: object = {}): string =>
  signed({ ...header, cat: SESSION }, { ...sessionClaims, ...claims })

/** Names and values in turn, so that a name can come twice. */
export type RawHeaders = readonly string[]
export const bearer = (token: string): RawHeaders => ['Authorization', `Bearer ${token}`]

export interface Application {
  /** `path` is one of those of {@link Routes}. */
  get(path: keyof Routes, headers: RawHeaders): Promise<Response>
}

/** What an application under test has. Each route answers `{ subject, tokenType }` of who it sees. */
export interface Routes {
  /** Behind the middleware alone. */
  '/open': unknown
  /** Asks for an M2M token. */
  '/machines': unknown
  /** Asks for an M2M token, and permits nobody. */
  '/nobody': unknown
}

export interface Outage {
  now: boolean
}

/** An authenticator whose look-up of revocations can be made to fail. */
export function breakableAuthenticator(): { authenticator: Authenticator; outage: Outage } {
  const outage = { now: false }
  const authenticator = createAuthenticator({
    issuer: ISSUER,
    jwks: JWKS,
    now: () => NOW,
    authorizedParties: [PARTY],
    revocations: {
      isRevoked: () => {
        if (outage.now) throw new Error('the store is away')
        return false
      },
    },
  })
  return { authenticator, outage }
}

export function describeAdapter(
  name: string,
  start: (authenticator: Authenticator) => Promise<Application> | Application,
): void {
  const { authenticator, outage } = breakableAuthenticator()
  const good = { subject: m2mClaims.sub, tokenType: 'm2m_token' }
  let application: Application
  const get = (path: keyof Routes, headers: RawHeaders = []) => application.get(path, headers)

  beforeEach(async () => {
    outage.now = false
    application = await start(authenticator)
  })

  describe(`an application on ${name}`, () => {
    it('serves who has a token of the kind that its route asks for', async () => {
      const response = await get('/machines', bearer(m2mToken()))
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual(good)
    })

    it('lets anybody use a route without a guard, and tells it who is there', async () => {
      expect(await (await get('/open')).json()).toEqual({ subject: null, tokenType: null })
      expect(await (await get('/open', bearer(m2mToken()))).json()).toEqual(good)
      const cookie = await get('/open', ['Cookie', `__session=${sessionToken()}`])
      expect(await cookie.json()).toEqual({ subject: sessionClaims.sub, tokenType: 'session_token' })
    })

    it('answers 401 without an error attribute to who presents nothing', async () => {
      const response = await get('/machines')
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      await expectEnvelope(response, 'authorization_header_format_invalid')
    })

    // Stops a caller from learning, from the answer, how near a forged token came.
    it('answers every token that is not accepted in the same words', async () => {
      const texts = new Set<string>()
      for (const token of [sessionToken(), `${m2mToken()}A`, m2mToken({ exp: 1 }), 'garbage']) {
        const response = await get('/machines', bearer(token))
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
        texts.add(await response.clone().text())
        await expectEnvelope(response, 'authentication_invalid')
      }
      expect(texts.size).toBe(1)
    })

    // Stops two readers in a row from each taking another of two tokens.
    it('refuses a request with two Authorization headers', async () => {
      const response = await get('/machines', [...bearer(m2mToken()), ...bearer(m2mToken({ jti: 'mt_1' }))])
      expect(response.status).toBe(401)
    })

    it('answers 403 to a good token that is not permitted', async () => {
      const response = await get('/nobody', bearer(m2mToken()))
      expect(response.status).toBe(403)
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"')
      await expectEnvelope(response, 'authorization_invalid')
    })

    // Stops an outage from letting somebody in, and from signing everybody out.
    it.each(['/open', '/machines'] as const)('answers 503 on %s while nobody can tell', async (path) => {
      outage.now = true
      const response = await get(path, bearer(m2mToken()))
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
      await expectEnvelope(response, 'service_unavailable')
    })
  })
}

async function expectEnvelope(response: Response, code: string): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toEqual({
    errors: [{ code, message: expect.any(String), long_message: expect.any(String) }],
  })
}
