/**
 * Which pages may use an instance's Frontend API: those of its own origin, and of the origins that its operator has
 * listed, letter by letter. A browser sends its cookies along whatever page asks, so whatever changes something
 * needs an origin that is allowed, and not only reading the answer does.
 */
import { AuthorityError } from '../../core/errors.ts'
import type { Instance } from '../../directory/instances/instance.ts'
import type { HttpRequest, HttpResponse } from '../exchange.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Beyond those that any page may read. */
const EXPOSED = 'Clerk-Db-Jwt, Clerk-Trace-Id, Retry-After'
const ALLOWED_HEADERS = 'Authorization, Content-Type'
const PREFLIGHT_SECONDS = 600

/**
 * @param own the origin of the Frontend API itself
 * @returns the origin of the page that asks
 * @throws {AuthorityError} `origin_invalid`
 */
export function requireOrigin(
  request: HttpRequest,
  { allowedOrigins }: Pick<Instance, 'allowedOrigins'>,
  own: string,
): string {
  const origin = request.header('origin')
  // A browser leaves it out of what a page asks of its own host, and of what a person navigates to.
  if (origin === null && SAFE.has(request.method)) return own
  if (origin === null || request.repeated('origin')) throw new AuthorityError('origin_invalid')
  if (origin === own || allowedOrigins.includes(origin)) return origin
  throw new AuthorityError('origin_invalid')
}

export const corsHeaders = (origin: string): Readonly<Record<string, string>> => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Expose-Headers': EXPOSED,
  Vary: 'Origin',
})

export const preflightResponse = (origin: string): HttpResponse => ({
  status: 204,
  headers: {
    ...corsHeaders(origin),
    'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
    'Access-Control-Allow-Headers': ALLOWED_HEADERS,
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
  },
  body: '',
})
