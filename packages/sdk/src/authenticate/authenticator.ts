/**
 * Authenticates the requests of an application by the tokens that they present. Three outcomes, never mixed
 * up: accepted, refused, and an error for "nobody can tell", which is to be answered with 503.
 */
import type { MintmarkCore } from '../core.ts'
import { InvalidRequestError } from '../core/errors.ts'
import type { Kind } from '../verify/verdict.ts'
import type { Auth } from './auth.ts'
import { readPresented, type PresentingRequest } from './presented.ts'
import { accepted, refused, type RequestState } from './request-state.ts'
import { createJudges, type JudgeOptions } from './judges.ts'

/** `any` stands for each kind that the options can verify. */
export type AcceptsToken = Kind | readonly Kind[] | 'any'

export type KindsOf<A extends AcceptsToken> = A extends 'any'
  ? Kind
  : A extends readonly (infer K extends Kind)[]
    ? K
    : A & Kind

/** What {@link createAuthenticator} is told: keys, or whom to ask for them. */
export interface AuthenticatorOptions extends JudgeOptions {
  /**
   * Asks the authority about opaque M2M tokens, with `sessionMaxAgeMs` about session tokens and, if there is
   * neither `jwks` nor `jwtKey`, for its key set; the last two need the instance's secret key. Without it
   * opaque tokens are refused.
   */
  readonly client?: MintmarkCore | undefined
  /** What `iss` of a JWT must be. Without it no JWT is accepted, and so only opaque M2M tokens. */
  readonly issuer?: string | undefined
}

export interface Acceptance<A extends AcceptsToken = AcceptsToken> {
  readonly acceptsToken: A
  /**
   * Asked last, of a good token: `false` is answered with 403. Such as `({ actor }) => actor === null`, where
   * only the user may do something and nobody who acts as the user.
   */
  readonly permits?: ((auth: Auth<KindsOf<A>>) => boolean | Promise<boolean>) | undefined
}

/** Finds out who a request is from. */
export interface Authenticator {
  /** The kinds that its options can verify. */
  readonly kinds: readonly Kind[]
  /**
   * @throws {VerificationUnavailableError} if nobody can tell whether the token is good: answer 503
   * @throws {InvalidRequestError} if `acceptsToken` names a kind that the options cannot verify
   */
  authenticate<const A extends AcceptsToken>(
    request: PresentingRequest,
    acceptance: Acceptance<A>,
  ): Promise<RequestState<KindsOf<A>>>
}

/**
 * Makes, once for a program, what authenticates its requests. Keys and verdicts are remembered in it.
 *
 * A session token is also taken from the `__session` cookie, but only with `authorizedParties`: without them
 * any site that shares the cookie's domain could have had the token made. And a cookie counts for a request
 * that changes something only if the browser says that a page of an authorized party sent it (CSRF). A
 * session that was ended is known to be over with `sessionMaxAgeMs`; else its last token is good until it ends.
 *
 * @throws {InvalidRequestError} if the options make no sense
 *
 * @example
 * ```ts
 * import { createAuthenticator, Mintmark } from '@mintmark/sdk'
 *
 * const authenticator = createAuthenticator({
 *   client: new Mintmark({ machineSecretKey: process.env['MINTMARK_MACHINE_SECRET_KEY'] }),
 *   issuer: 'https://clerk.example.com',
 *   jwks: 'https://clerk.example.com/.well-known/jwks.json',
 * })
 *
 * export async function serve(request: Request): Promise<Response> {
 *   const state = await authenticator.authenticate(request, { acceptsToken: 'm2m_token' })
 *   if (!state.isAuthenticated) return new Response(null, { status: state.status, headers: state.headers })
 *   return Response.json({ hello: state.toAuth().machineId })
 * }
 * ```
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { authorizedParties } = options
  const judges = createJudges(options)
  const { kinds } = judges
  if (kinds.length === 0) throw invalid('an issuer with its keys, or a client, is needed')

  function kindsOf(accepts: AcceptsToken): readonly Kind[] {
    const asked = accepts === 'any' ? kinds : [accepts].flat()
    const unknown = asked.find((kind) => !kinds.includes(kind))
    if (asked.length === 0 || unknown)
      throw invalid(`acceptsToken is ${unknown ?? 'empty'}, which nothing here verifies`)
    return asked
  }

  async function authenticate(
    request: PresentingRequest,
    { acceptsToken, permits }: Acceptance,
  ): Promise<RequestState> {
    const accepts = kindsOf(acceptsToken)
    const parties = accepts.includes('session_token') ? authorizedParties : undefined
    const presented = readPresented(request, parties ?? null)
    if (presented.token === null) return refused(presented.reason)
    const judged = await judges.judge(
      presented.token,
      presented.from === 'cookie' ? ['session_token'] : accepts,
    )
    if (typeof judged === 'string') return refused(judged)
    return permits && !(await permits(judged)) ? refused('not-permitted') : accepted(judged)
  }
  return { kinds, authenticate: authenticate as Authenticator['authenticate'] }
}

/** Either what was made of options before, or the options themselves. */
export type AuthenticatorSource = AuthenticatorOptions | { readonly authenticator: Authenticator }

/** What {@link authenticateRequest} is told: what is let in, and by whose keys. */
export type AuthenticateRequestOptions<A extends AcceptsToken = AcceptsToken> = Acceptance<A> &
  AuthenticatorSource

/**
 * As the method of an authenticator, in one call. What is remembered belongs to the `options` object, so keep
 * it in a constant; or give the `authenticator`. Options that are written out at each call work, but remember
 * nothing: a key set is then read for each request.
 *
 * @throws {VerificationUnavailableError} if nobody can tell whether the token is good: answer 503
 * @throws {InvalidRequestError} if the options make no sense
 *
 * @example
 * ```ts
 * import { authenticateRequest } from '@mintmark/sdk'
 *
 * const options = {
 *   acceptsToken: 'session_token',
 *   issuer: 'https://clerk.example.com',
 *   jwks: 'https://clerk.example.com/.well-known/jwks.json',
 *   authorizedParties: ['https://app.example.com'],
 * } as const
 *
 * export async function serve(request: Request): Promise<Response> {
 *   const state = await authenticateRequest(request, options)
 *   if (!state.isAuthenticated) return new Response(null, { status: state.status, headers: state.headers })
 *   const { userId, actor } = state.toAuth()
 *   return Response.json({ userId, support: actor !== null })
 * }
 * ```
 */
export async function authenticateRequest<const A extends AcceptsToken>(
  request: PresentingRequest,
  options: AuthenticateRequestOptions<A>,
): Promise<RequestState<KindsOf<A>>> {
  return authenticatorOf(options).authenticate(request, options)
}

/** Weak, and by the identity of an object: no secret is a key of it, and it outlives nothing. */
const made = new WeakMap<object, Authenticator>()

export function authenticatorOf(source: AuthenticatorSource): Authenticator {
  if ('authenticator' in source) return source.authenticator
  const known = made.get(source) ?? createAuthenticator(source)
  made.set(source, known)
  return known
}

const invalid = (what: string) =>
  new InvalidRequestError('invalid_request', `The options of an authenticator: ${what}`)
