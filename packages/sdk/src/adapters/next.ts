/** For Next.js: its middleware and its route handlers speak the web platform. Nothing of it is imported. */
import { toResponse } from '../authenticate/answer.ts'
import type { Auth } from '../authenticate/auth.ts'
import {
  authenticatorOf,
  type AcceptsToken,
  type AuthenticateRequestOptions,
  type KindsOf,
} from '../authenticate/authenticator.ts'
import { guard } from './guard.ts'

/**
 * Makes a route handler that is called only with a good token of a kind that is accepted: 401 or 403
 * otherwise, and 503 if nobody can tell. `auth` is added to what Next.js passes second, such as `params`.
 *
 * @example
 * ```ts
 * import { withAuth } from '@mintmark/sdk/next'
 *
 * // app/api/jobs/route.ts
 * export const POST = withAuth((_request, { auth }) => Response.json({ by: auth.machineId }), {
 *   acceptsToken: 'm2m_token',
 *   issuer: 'https://clerk.example.com',
 *   jwks: 'https://clerk.example.com/.well-known/jwks.json',
 * })
 * ```
 */
export function withAuth<const A extends AcceptsToken, Context extends object = object>(
  handler: (
    request: Request,
    context: Context & { readonly auth: Auth<KindsOf<A>> },
  ) => Response | Promise<Response>,
  options: AuthenticateRequestOptions<A>,
): (request: Request, context: Omit<Context, 'auth'>) => Promise<Response> {
  const authenticator = authenticatorOf(options)
  return async (request, context) => {
    const guarded = await guard(authenticator, request, options)
    if (guarded.answer) return toResponse(guarded.answer)
    return handler(request, { ...context, auth: guarded.auth } as Context & {
      readonly auth: typeof guarded.auth
    })
  }
}

/**
 * Makes a `middleware` (or `proxy`) that refuses requests before any page sees them. It answers nothing to one
 * that is good, which tells Next.js to go on. Let each handler authenticate as well: a middleware does not
 * run for a path that its `matcher` forgot.
 *
 * @example
 * ```ts
 * import { mintmarkMiddleware } from '@mintmark/sdk/next'
 *
 * // middleware.ts
 * export const middleware = mintmarkMiddleware({
 *   acceptsToken: 'session_token',
 *   issuer: 'https://clerk.example.com',
 *   jwks: 'https://clerk.example.com/.well-known/jwks.json',
 *   authorizedParties: ['https://app.example.com'],
 * })
 * export const config = { matcher: '/api/:path*' }
 * ```
 */
export function mintmarkMiddleware<const A extends AcceptsToken>(
  options: AuthenticateRequestOptions<A>,
): (request: Request) => Promise<Response | undefined> {
  const authenticator = authenticatorOf(options)
  return async (request) => {
    const { answer } = await guard(authenticator, request, options)
    return answer ? toResponse(answer) : undefined
  }
}
