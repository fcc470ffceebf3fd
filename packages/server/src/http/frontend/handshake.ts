/**
 * The handshake: an application's server has no session token that is good, though somebody may be signed in here. It
 * sends the person's browser here, and this sends it back with the cookies that the server is to set.
 */
import type { Authority } from '../../authority.ts'
import { AuthorityError } from '../../core/errors.ts'
import { createBoundedMap } from '../../core/bounded-map.ts'
import { sessionCookies, signedInSinceCookies } from '../../directory/browsers/cookies.ts'
import type { Instance } from '../../directory/instances/instance.ts'
import type { Visit } from '../../frontend/frontend.ts'
import { signJwt } from '../../signing/jws.ts'
import type { HttpRequest, HttpResponse } from '../exchange.ts'
import { siteOf } from './cookies.ts'
import type { Fields } from './form.ts'
import { redirectTo } from './redirect.ts'

/** The way back is short. */
const HANDSHAKE_SECONDS = 60

/** Browsers keep 4,096 bytes of a cookie, its name included. What is longer goes by the address. */
const LONGEST_COOKIE = 4_000

/** As many answers for nobody are remembered: signing is the dearest thing that a stranger can ask for. */
const REMEMBERED = 1_000

export type Handshake = (visit: Visit, request: HttpRequest, query: Fields) => Promise<HttpResponse>

/**
 * @returns a function that throws `origin_invalid` unless a person is on the way to a page that may use the instance
 */
export function createHandshake({ frontend, deps }: Authority): Handshake {
  const { frontendOriginOf } = deps
  const signedOut = createBoundedMap<Promise<string>>(REMEMBERED)

  /** Kept before it is there, so that many who ask at once have one made. */
  function remembered(name: string, sign: () => Promise<string>): Promise<string> {
    let signing = signedOut.get(name)
    if (signing === undefined) {
      signedOut.set(name, (signing = sign()))
      signing.catch(() => signedOut.delete(name))
    }
    return signing
  }

  async function signHandshake(instance: Instance, handshake: readonly string[], isSignedOut: boolean) {
    const { id: kid, key } = await deps.keys.signing(instance.id, 'token')
    const sign = () => signJwt({ kid }, { handshake }, key)
    return isSignedOut ? remembered(`${kid} ${handshake.join()}`, sign) : sign()
  }

  return async (visit, request, query) => {
    const { instance } = visit
    const back = wayBack(visit, query)
    // A script of another page can have this asked for, but not a person sent here.
    if (back === null || !isNavigation(request)) throw new AuthorityError('origin_invalid')
    const fresh = await frontend.freshToken({ ...visit, origin: back.origin })
    const domain = sharedDomain(instance, new URL(frontendOriginOf(instance)), back)
    const handshake = [
      ...sessionCookies(instance, frontendOriginOf, fresh?.jwt ?? null),
      // As the Frontend API sets it at other times: a second one, of one host, would outlive signing out.
      ...signedInSinceCookies(instance, frontendOriginOf, fresh?.since ?? null, domain),
      // What brought these has done its work: found again, it would sign in whoever has signed out meanwhile.
      ...(domain === null ? [] : [handshakeCookie('', domain, 0)]),
    ]
    const jwt = await signHandshake(instance, handshake, fresh === null)
    if (domain !== null && jwt.length <= LONGEST_COOKIE) {
      return redirectTo(back.href, { 'Set-Cookie': [handshakeCookie(jwt, domain, HANDSHAKE_SECONDS)] })
    }
    back.searchParams.set('__clerk_handshake', jwt)
    return redirectTo(back.href)
  }
}

/** What it carries opens the session, so it goes nowhere else. */
function wayBack({ instance }: Visit, { redirect_url: wanted = '' }: Fields): URL | null {
  const back = URL.canParse(wanted) ? new URL(wanted) : null
  const isPage = back !== null && /^https?:$/.test(back.protocol)
  return isPage && instance.allowedOrigins.includes(back.origin) ? back : null
}

/** Browsers say what they ask for something for; older ones, and other programs, do not. */
const isNavigation = (request: HttpRequest): boolean =>
  ['document', 'iframe', null].includes(request.header('sec-fetch-dest'))

/** What a live instance and an application beside it have in common; `null` if they do not share cookies. */
function sharedDomain({ environment }: Instance, own: URL, { hostname }: URL): string | null {
  const domain = siteOf(own)
  const isBeside = domain !== null && (hostname === domain || hostname.endsWith(`.${domain}`))
  return environment === 'live' && isBeside ? domain : null
}

const handshakeCookie = (jwt: string, domain: string, seconds: number): string =>
  `__clerk_handshake=${jwt}; Path=/; Domain=${domain}; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Lax`
