/**
 * The handshake: an application's server has no session token that is good, though somebody may be signed in here. It
 * sends the person's browser here, and this sends it back with the cookies that the server is to set.
 */
import type { Authority } from '../../authority.ts'
import { AuthorityError } from '../../core/errors.ts'
import { sessionCookies, signedInSinceCookies } from '../../directory/browsers/cookies.ts'
import type { Visit } from '../../frontend/frontend.ts'
import { signJwt } from '../../signing/jws.ts'
import type { HttpResponse } from '../exchange.ts'
import { siteOf } from './cookies.ts'
import type { Fields } from './form.ts'
import { redirectTo } from './redirect.ts'

/** The way back is short. */
const HANDSHAKE_SECONDS = 60

/** @throws {AuthorityError} `origin_invalid` unless the page to return to is one that may use the instance */
export async function serveHandshake(
  { frontend, deps }: Authority,
  visit: Visit,
  query: Fields,
): Promise<HttpResponse> {
  const { instance } = visit
  const { frontendOriginOf } = deps
  const back = URL.canParse(query.redirect_url ?? '') ? new URL(query.redirect_url!) : null
  // What it carries opens the session, so it goes nowhere else.
  if (back === null || !instance.allowedOrigins.includes(back.origin))
    throw new AuthorityError('origin_invalid')
  const fresh = await frontend.freshToken({ ...visit, origin: back.origin })
  const handshake = [
    ...sessionCookies(instance, frontendOriginOf, fresh?.jwt ?? null),
    ...signedInSinceCookies(instance, frontendOriginOf, fresh?.since ?? null, null),
  ]
  const { id: kid, key } = await deps.keys.signing(instance.id, 'token')
  const jwt = signJwt({ kid }, { handshake }, key)
  const own = new URL(frontendOriginOf(instance))
  const domain = siteOf(own)
  const isBeside = domain !== null && (back.hostname === domain || back.hostname.endsWith(`.${domain}`))
  if (instance.environment === 'live' && isBeside) {
    const cookie = `__clerk_handshake=${jwt}; Path=/; Domain=${domain}; Max-Age=${HANDSHAKE_SECONDS}; Secure; SameSite=Lax`
    return redirectTo(back.href, { 'Set-Cookie': [cookie] })
  }
  back.searchParams.set('__clerk_handshake', jwt)
  return redirectTo(back.href)
}
