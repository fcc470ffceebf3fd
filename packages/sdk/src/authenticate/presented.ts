/**
 * Finds the token that a request presents: in one `Authorization: Bearer` header (RFC 6750 section 2.1) or,
 * for sessions, in one cookie. Never in a query or a body, which end up in logs.
 */
import { cookieValues } from './cookies.ts'

/** The part of a request that is looked at; a `Request` of the platform has it. */
export interface PresentingRequest {
  readonly method: string
  readonly headers: { get(name: string): string | null }
}

export type Presented =
  | { readonly token: string; readonly from: 'header' | 'cookie' }
  | {
      readonly token: null
      readonly reason:
        | 'token-missing'
        | 'authorization-header-invalid'
        | 'session-cookie-invalid'
        | 'session-cookie-cross-site'
    }

/** @param cookieParties the origins whose pages may send a session cookie; `null` if no cookie is read */
export function readPresented(
  request: PresentingRequest,
  cookieParties: readonly string[] | null,
): Presented {
  const header = request.headers.get('authorization') ?? ''
  const token = header.length <= LONGEST ? BEARER.exec(header)?.[1] : undefined
  if (token !== undefined) return { token, from: 'header' }
  // Refused even beside a good cookie: what one reader takes for the token another may not.
  if (header.length > LONGEST || NAMES_BEARER.test(header)) return none('authorization-header-invalid')
  return cookieParties ? readCookie(request, cookieParties) : none('token-missing')
}

const LONGEST = 16_384
/** One token in the alphabet of `b64token`, which has no comma: two headers are joined by one. */
const BEARER = /^bearer +([\w.~+/-]+=*)$/i
const NAMES_BEARER = /(?:^|,)\s*bearer(?:[\s,]|$)/i

function readCookie(request: PresentingRequest, parties: readonly string[]): Presented {
  const [token, ...more] = new Set(cookieValues(request.headers, '__session'))
  if (!token) return none('token-missing')
  // A neighbouring subdomain can set a second one, but not take the first away.
  if (more.length > 0 || token.length > LONGEST) return none('session-cookie-invalid')
  return isOfParty(request, parties) ? { token, from: 'cookie' } : none('session-cookie-cross-site')
}

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/**
 * A browser adds the cookie to requests that other sites make, too. What changes something counts only if the
 * browser says that it comes from a page of a named origin, or of this one (Fetch Metadata). A socket is opened
 * with a GET, is held back by no CORS, and always comes with its origin (RFC 6455 section 10.2).
 */
function isOfParty({ method, headers }: PresentingRequest, parties: readonly string[]): boolean {
  const opensSocket = headers.get('upgrade') !== null || headers.get('sec-fetch-mode') === 'websocket'
  const isSafe =
    SAFE_METHODS.includes(method.toUpperCase()) || headers.get('sec-fetch-site') === 'same-origin'
  return (isSafe && !opensSocket) || parties.includes(headers.get('origin') ?? '')
}

const none = (reason: Extract<Presented, { token: null }>['reason']): Presented => ({ token: null, reason })
