/** For Hono, of any version whose context has `req.raw`, `get` and `set`. Nothing of it is imported. */
import { toResponse } from '../authenticate/answer.ts'
import type { Auth, SignedOutAuth } from '../authenticate/auth.ts'
import {
  authenticatorOf,
  type Acceptance,
  type AcceptsToken,
  type Authenticator,
  type AuthenticatorSource,
} from '../authenticate/authenticator.ts'
import { guard, look, present } from './guard.ts'

/** The part of Hono's context that is used. */
export interface HonoContext {
  readonly req: { readonly raw: Request }
  get(key: string): unknown
  set(key: string, value: unknown): void
}

/** A middleware of Hono. */
export type HonoMiddleware = (
  context: HonoContext,
  next: () => Promise<void>,
) => Promise<Response | undefined>

/** For `new Hono<{ Variables: AuthVariables }>()`: what the middleware sets. */
export interface AuthVariables {
  auth: Auth | SignedOutAuth
}

const AUTHENTICATOR = 'mintmarkAuthenticator'

/**
 * Sets `auth` for every route behind it, and refuses nobody: {@link requireAuth} does. Who has no good token
 * is signed out; if nobody can tell, the answer is 503.
 *
 * @example
 * ```ts
 * import { getAuth, mintmarkMiddleware, requireAuth } from '@mintmark/sdk/hono'
 * import { Hono } from 'hono'
 *
 * const app = new Hono()
 * app.use(
 *   mintmarkMiddleware({
 *     issuer: 'https://clerk.example.com',
 *     jwks: 'https://clerk.example.com/.well-known/jwks.json',
 *     authorizedParties: ['https://app.example.com'],
 *   }),
 * )
 * app.get('/', (c) => c.json({ signedIn: getAuth(c).isAuthenticated }))
 * app.post('/jobs', requireAuth({ acceptsToken: 'm2m_token' }), (c) => c.json({ by: getAuth(c).machineId }))
 * ```
 */
export function mintmarkMiddleware(
  options: AuthenticatorSource & { readonly acceptsToken?: AcceptsToken },
): HonoMiddleware {
  const authenticator = authenticatorOf(options)
  return async (context, next) => {
    const seen = await look(authenticator, context.req.raw, options.acceptsToken)
    if (seen.answer) return toResponse(seen.answer)
    context.set(AUTHENTICATOR, authenticator)
    context.set('auth', seen.auth)
    await next()
    return undefined
  }
}

/**
 * Lets a request on only with a good token of a kind that is accepted: 401 or 403 otherwise, and 503 if nobody
 * can tell. Stands behind {@link mintmarkMiddleware}, or is given an `authenticator` of its own.
 *
 * @example
 * ```ts
 * import { requireAuth } from '@mintmark/sdk/hono'
 *
 * export const billingOnly = requireAuth({
 *   acceptsToken: 'm2m_token',
 *   permits: ({ machineId }) => machineId === 'mch_billing',
 * })
 * ```
 */
export function requireAuth<const A extends AcceptsToken>(
  options: Acceptance<A> & { readonly authenticator?: Authenticator },
): HonoMiddleware {
  return async (context, next) => {
    const known = options.authenticator ?? (context.get(AUTHENTICATOR) as Authenticator | undefined)
    const authenticator = present(known, 'mintmarkMiddleware')
    const guarded = await guard(authenticator, context.req.raw, options)
    if (guarded.answer) return toResponse(guarded.answer)
    context.set('auth', guarded.auth)
    await next()
    return undefined
  }
}

/**
 * What the middleware before it found out.
 *
 * @throws {InvalidRequestError} if there was none
 *
 * @example
 * ```ts
 * import { getAuth, type HonoContext } from '@mintmark/sdk/hono'
 *
 * export const whoIs = (c: HonoContext): string => getAuth(c).subject ?? 'nobody'
 * ```
 */
export const getAuth = (context: Pick<HonoContext, 'get'>): Auth | SignedOutAuth =>
  present(context.get('auth') as Auth | SignedOutAuth | undefined, 'mintmarkMiddleware or requireAuth')
