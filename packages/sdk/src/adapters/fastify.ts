/** For Fastify 4 and 5. Nothing of it is imported. */
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

/** The part of Fastify's request that is used; `auth` is there behind {@link mintmarkPlugin}. */
export interface FastifyRequest {
  readonly raw: NodeRequest
}

/** The part of the reply that is used. */
export interface FastifyReply {
  code(status: number): unknown
  headers(values: Readonly<Record<string, string>>): unknown
  send(body: string): unknown
}

/** The part of an instance that is used. */
export interface FastifyInstance {
  decorateRequest(name: string, value: null): unknown
  addHook(name: 'onRequest', hook: FastifyHook): unknown
}

/** A hook of Fastify. */
export type FastifyHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** A plugin of Fastify. */
export type FastifyPlugin = (instance: FastifyInstance) => Promise<void>

/**
 * Sets `request.auth` for every route of the instance that it is registered with, and refuses nobody:
 * {@link requireAuth} does. Who has no good token is signed out; if nobody can tell, the answer is 503.
 *
 * @example
 * ```ts
 * import { mintmarkPlugin } from '@mintmark/sdk/fastify'
 *
 * // await fastify.register(authentication)
 * export const authentication = mintmarkPlugin({
 *   issuer: 'https://clerk.example.com',
 *   jwks: 'https://clerk.example.com/.well-known/jwks.json',
 * })
 * ```
 */
export function mintmarkPlugin(
  options: AuthenticatorSource & { readonly acceptsToken?: AcceptsToken },
): FastifyPlugin {
  const authenticator = authenticatorOf(options)
  const plugin: FastifyPlugin = async (instance) => {
    instance.decorateRequest('auth', null)
    instance.decorateRequest(AUTHENTICATOR, null)
    instance.addHook('onRequest', (request, reply) => {
      stateOf(request)[AUTHENTICATOR] = authenticator
      return settle(request, reply, look(authenticator, readNodeRequest(request.raw), options.acceptsToken))
    })
  }
  // Else the hook would be there for routes of the plugin only, which has none. This is what the package
  // fastify-plugin writes.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

/**
 * A hook that lets a request on only with a good token of a kind that is accepted: 401 or 403 otherwise, and
 * 503 if nobody can tell. Needs {@link mintmarkPlugin}, or an `authenticator` of its own.
 *
 * @example
 * ```ts
 * import { requireAuth } from '@mintmark/sdk/fastify'
 *
 * // fastify.post('/jobs', { onRequest: machinesOnly }, handler)
 * export const machinesOnly = requireAuth({ acceptsToken: 'm2m_token' })
 * ```
 */
export function requireAuth<const A extends AcceptsToken>(
  options: Acceptance<A> & { readonly authenticator?: Authenticator },
): FastifyHook {
  return async (request, reply) => {
    const authenticator = present(options.authenticator ?? stateOf(request)[AUTHENTICATOR], 'mintmarkPlugin')
    return settle(request, reply, guard(authenticator, readNodeRequest(request.raw), options))
  }
}

/**
 * As `request.auth`, with its type.
 *
 * @throws {InvalidRequestError} if nothing of this package came before
 *
 * @example
 * ```ts
 * import { getAuth, type FastifyRequest } from '@mintmark/sdk/fastify'
 *
 * export const whoIs = (request: FastifyRequest): string => getAuth(request).subject ?? 'nobody'
 * ```
 */
export const getAuth = (request: FastifyRequest): Auth | SignedOutAuth =>
  present(stateOf(request).auth, 'mintmarkPlugin or requireAuth')

const AUTHENTICATOR = 'mintmarkAuthenticator'

interface State {
  auth?: Auth | SignedOutAuth | null
  [AUTHENTICATOR]?: Authenticator | null
}

const stateOf = (request: FastifyRequest) => request as FastifyRequest & State

/** @returns the reply if it was sent, which tells Fastify to go no further */
async function settle(
  request: FastifyRequest,
  reply: FastifyReply,
  pending: Promise<Guarded<Auth | SignedOutAuth>>,
): Promise<unknown> {
  const guarded = await pending
  if (!guarded.answer) {
    stateOf(request).auth = guarded.auth
    return undefined
  }
  const { status, headers, body } = guarded.answer
  reply.code(status)
  reply.headers(headers)
  reply.send(JSON.stringify(body))
  return reply
}
