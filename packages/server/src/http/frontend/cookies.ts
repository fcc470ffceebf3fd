/** The cookies of the Frontend API's own host, read and written. */
import type { FrontendOriginOf, Instance } from '../../directory/instances/instance.ts'
import { refreshCookies, signedInSinceCookies } from '../../directory/browsers/cookies.ts'
import type { Told } from '../../frontend/frontend.ts'
import type { HttpRequest } from '../exchange.ts'

const BROWSER_COOKIE = '__client'
/** A browser keeps no cookie for longer than some four hundred days. */
const KEPT_SECONDS = 31_536_000

/** The secrets by which a browser says which it is: one at most, unless another host has put one there. */
export const browserCookiesOf = (request: HttpRequest): readonly string[] =>
  (request.header('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${BROWSER_COOKIE}=`))
    .map((pair) => pair.slice(BROWSER_COOKIE.length + 1))

/** Takes back what a host beside this one may have set for all hosts of the site. */
export function forgottenCookieHeaders(own: URL): Readonly<Record<string, string>> {
  const domain = siteOf(own)
  if (domain === null) return {}
  return { 'Set-Cookie': `${BROWSER_COOKIE}=; Path=/; Domain=${domain}; Max-Age=0; Secure` }
}

export interface CookieContext {
  readonly instance: Instance
  readonly frontendOriginOf: FrontendOriginOf
  /** Of the page that asks. */
  readonly origin: string
  readonly secrets: { readonly cookie: string; readonly refresh: string }
}

/**
 * What a browser is to keep. The cookie that says which it is stays with this host, out of reach of scripts. A live
 * instance also tells the hosts beside it when somebody signed in, and gives their servers what renews a token.
 */
export function cookiesFor(
  { signedInSince }: Told,
  { instance, frontendOriginOf, origin, secrets }: CookieContext,
): string[] {
  const own = new URL(frontendOriginOf(instance))
  // Where browsers block what pages of other sites have them keep, they still keep it apart for each such site.
  const reach = isSameSite(own, origin) ? 'SameSite=Lax' : 'SameSite=None; Partitioned'
  const cookies = [
    `${BROWSER_COOKIE}=${secrets.cookie}; Path=/; Max-Age=${KEPT_SECONDS}; HttpOnly; Secure; ${reach}`,
  ]
  const domain = siteOf(own)
  if (instance.environment !== 'live' || domain === null || signedInSince === undefined) return cookies
  const refresh = signedInSince === null ? null : secrets.refresh
  return [
    ...cookies,
    ...signedInSinceCookies(instance, frontendOriginOf, signedInSince, domain),
    ...refreshCookies(instance, frontendOriginOf, refresh, domain),
  ]
}

/** `example.com` for `clerk.example.com`; `null` where there is nothing that two hosts could share. */
export function siteOf({ hostname }: URL): string | null {
  const parent = hostname.slice(hostname.indexOf('.') + 1)
  return /^[\d.]+$|^\[/.test(hostname) || !parent.includes('.') ? null : parent
}

/** Whether a browser counts a page as of the same site, so that its cookies are first-party there. */
function isSameSite(own: URL, origin: string): boolean {
  const page = new URL(origin)
  if (page.protocol !== own.protocol) return false
  const site = siteOf(own)
  if (page.hostname === own.hostname) return true
  return site !== null && (page.hostname === site || page.hostname.endsWith(`.${site}`))
}
