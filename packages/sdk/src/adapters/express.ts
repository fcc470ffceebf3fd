/** For Express 4 and 5, and whatever else passes on requests of `node:http`. Nothing of them is imported. */
import type { RefusalAnswer } from '../authenticate/answer.ts'
import type { Auth, SignedOutAuth } from '../authenticate/auth.ts'
import {
  authenticatorOf,
  type Acceptance,
  type AcceptsToken,
  type Authenticator,
  type AuthenticatorSource,
} from '../authenticate/authenticator.ts'
import { guard, look, present, type Guarded } from './guard.ts'
import { readNodeRequest, type NodeRequest } from './node-request.ts'

/** The part of the request that is used. */
export type ExpressRequest = NodeRequest

/** The part of the response that is used. */
export interface ExpressResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/** A middleware of Express. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/**
 * Sets `req.auth` for every route behind it, and refuses nobody: {@link requireAuth} does. Who has no good
 * token is signed out; if nobody can tell, the answer is 503.
 *
 * @example
 * ```ts
 * import { mintmarkMiddleware } from '@mintmark/sdk/express'
 *
 * // app.use(authentication)
 * export const authentication = mintmarkMiddleware({
 *   issuer: 'https://clerk.example.com',
 *   jwks: 'https://clerk.example.com/.well-known/jwks.json',
 * })
 * ```
 */
export function mintmarkMiddleware(
  options: AuthenticatorSource & { readonly acceptsToken?: AcceptsToken },
): ExpressMiddleware {
  const authenticator = authenticatorOf(options)
  return run((request) => {
    stateOf(request)[AUTHENTICATOR] = authenticator
    return look(authenticator, readNodeRequest(request), options.acceptsToken)
  })
}

/**
 * Lets a request on only with a good token of a kind that is accepted: 401 or 403 otherwise, and 503 if nobody
 * can tell. Stands behind {@link mintmarkMiddleware}, or is given an `authenticator` of its own.
 *
 * @example
 * ```ts
 * import { requireAuth } from '@mintmark/sdk/express'
 *
 * // app.post('/jobs', machinesOnly, handler)
 * export const machinesOnly = requireAuth({ acceptsToken: ['m2m_token', 'machine_token'] })
 * ```
 */
export function requireAuth<const A extends AcceptsToken>(
  options: Acceptance<A> & { readonly authenticator?: Authenticator },
): ExpressMiddleware {
  return run((request) => {
    const authenticator = present(
      options.authenticator ?? stateOf(request)[AUTHENTICATOR],
      'mintmarkMiddleware',
    )
    return guard(authenticator, readNodeRequest(request), options)
  })
}

/**
 * As `req.auth`, with its type.
 *
 * @throws {InvalidRequestError} if no middleware of this package came before
 *
 * @example
 * ```ts
 * import { getAuth, type ExpressRequest } from '@mintmark/sdk/express'
 *
 * export const whoIs = (req: ExpressRequest): string => getAuth(req).subject ?? 'nobody'
 * ```
 */
export const getAuth = (request: ExpressRequest): Auth | SignedOutAuth =>
  present(stateOf(request).auth, 'mintmarkMiddleware or requireAuth')

/**
 * The request as `testingToken` and `authenticateRequest` take it: with all of its headers, also repeated ones.
 *
 * @example
 * ```ts
 * import { Mintmark, testingToken } from '@mintmark/sdk'
 * import { toWebRequest, type ExpressRequest } from '@mintmark/sdk/express'
 *
 * const client = new Mintmark()
 * export const isOfTests = async (req: ExpressRequest): Promise<boolean> =>
 *   (await testingToken(toWebRequest(req), { client })).good
 * ```
 */
export const toWebRequest = readNodeRequest

const AUTHENTICATOR = Symbol('mintmark.authenticator')

interface State {
  auth?: Auth | SignedOutAuth
  [AUTHENTICATOR]?: Authenticator
}

const stateOf = (request: ExpressRequest) => request as ExpressRequest & State

/** Express 4 does not look at what a middleware promises, so errors are handed on. */
const run =
  (decide: (request: ExpressRequest) => Promise<Guarded<Auth | SignedOutAuth>>): ExpressMiddleware =>
  async (request, response, next) => {
    let guarded: Guarded<Auth | SignedOutAuth>
    try {
      guarded = await decide(request)
    } catch (error) {
      return next(error)
    }
    if (guarded.answer) return write(response, guarded.answer)
    stateOf(request).auth = guarded.auth
    next()
  }

function write(response: ExpressResponse, { status, headers, body }: RefusalAnswer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(JSON.stringify(body))
}
