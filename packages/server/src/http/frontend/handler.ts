/**
 * The Frontend API and the pages beside it, on the frontend's own origin. What is here is asked by browsers: there
 * are no keys, but a cookie that says which browser it is, and an origin that says which page.
 */
import { randomUUID } from 'node:crypto'
import type { Authority } from '../../authority.ts'
import { AuthorityError, unknownEndpoint } from '../../core/errors.ts'
import type { SessionId } from '../../core/ids.ts'
import type { Instance } from '../../directory/instances/instance.ts'
import type { Told, Visit } from '../../frontend/frontend.ts'
import { asRefusal, toErrorResponse } from '../errors.ts'
import { jsonResponse, type HttpRequest, type HttpResponse } from '../exchange.ts'
import type { Handler } from '../handler.ts'
import { publishedTo, serveJwks, type PublishedKeys } from '../public-routes.ts'
import type { RequestEvent, RequestObserver } from '../request-event.ts'
import { MethodNotAllowed } from '../router.ts'
import type { Assets } from './assets.ts'
import type { BotProtection } from './bot-protection.ts'
import { browserCookiesOf, cookiesFor, forgottenCookieHeaders } from './cookies.ts'
import { corsHeaders, preflightResponse, requireOrigin } from './cors.ts'
import { methodOf, readFields } from './form.ts'
import { createHandshake } from './handshake.ts'
import { FRONTEND_PATHS } from './paths.ts'
import { frontendRoutes, type Ask } from './routes.ts'
import { redirectTo } from './redirect.ts'
import type { Page } from './page.ts'

export interface FrontendHandlerOptions {
  readonly publishedKeys: PublishedKeys
  readonly observe: RequestObserver
  readonly protect: BotProtection
  readonly assets: Assets
  readonly page: Page
}

export function createFrontendHandler(authority: Authority, options: FrontendHandlerOptions): Handler {
  const { deps, storage, frontend } = authority
  const { publishedKeys, page } = options
  const { frontendOriginOf } = deps
  const routes = frontendRoutes(authority, options)
  const shake = createHandshake(authority)

  async function answer(request: HttpRequest, event: RequestEvent): Promise<HttpResponse> {
    const { instance } = publishedTo(publishedKeys, frontendOriginOf, request)
    const asset = options.assets.find(request)
    if (asset !== null) return named(event, 'frontend.asset', asset)
    if (request.path === '/.well-known/jwks.json') {
      return named(event, 'jwks.public', serveJwks({ publishedKeys, frontendOriginOf }, request))
    }
    const own = new URL(frontendOriginOf(instance)).origin
    const paged = page.find(request, instance)
    if (paged !== null) return named(event, 'frontend.page', paged)
    if (request.path === FRONTEND_PATHS.acceptTicket) return await accept(request, event, own)
    if (request.path === FRONTEND_PATHS.handshake) return await handshake(request, event, own)
    const origin = requireOrigin(request, instance, own)
    if (request.method === 'OPTIONS') return named(event, 'frontend.preflight', preflightResponse(origin))
    try {
      const query = readFields(request.query)
      const visit = await visitOf(request, event, origin)
      return withCookies(await dispatch({ request, query, visit }, event), visit)
    } catch (error) {
      // A page can only read what went wrong if it is told that it may.
      throw new WithHeaders(error, corsHeaders(origin))
    }
  }

  async function visitOf(request: HttpRequest, event: RequestEvent, origin: string): Promise<Visit> {
    const catchingUp = storage.catchUp()
    if (catchingUp !== undefined) await catchingUp
    const { instance } = publishedTo(publishedKeys, frontendOriginOf, request)
    const browser = await frontend.recognize(instance.id, onlyCookieOf(request, instance))
    const caller = { kind: 'browser', instanceId: instance.id, browserId: browser?.id ?? null } as const
    event.caller = caller
    const call = { caller, address: event.address, traceId: event.traceId }
    return { call, instance, browser, origin }
  }

  /** Of two cookies of that name one was put there by another host: neither is believed, and that one is taken back. */
  function onlyCookieOf(request: HttpRequest, instance: Instance): string | null {
    const cookies = browserCookiesOf(request)
    if (cookies.length <= 1) return cookies[0] ?? null
    const own = new URL(frontendOriginOf(instance))
    const refusal = new AuthorityError('authentication_invalid', {
      longMessage: 'The cookie __client was sent more than once.',
    })
    throw new WithHeaders(refusal, forgottenCookieHeaders(own))
  }

  async function dispatch(ask: Ask, event: RequestEvent): Promise<Told> {
    const method = methodOf(ask.request, ask.query)
    const matching = routes.flatMap((route) => {
      const found = route.path.exec(ask.request.path)
      return found === null ? [] : [{ route, id: found[1] as SessionId }]
    })
    const match = matching.find(({ route }) => route.method === (method === 'HEAD' ? 'GET' : method))
    if (match !== undefined) {
      event.operation = match.route.operation
      return match.route.serve(ask, match.id)
    }
    if (matching.length > 0) throw new MethodNotAllowed(matching.map(({ route }) => route.method))
    throw unknownEndpoint()
  }

  function withCookies(told: Told, { instance, origin }: Visit): HttpResponse {
    const { body, browser } = told
    const secrets = browser === null ? null : frontend.secretsOf(browser)
    const cookies = secrets === null ? [] : cookiesFor(told, { instance, frontendOriginOf, origin, secrets })
    const { status, headers, body: text } = jsonResponse(200, body, corsHeaders(origin))
    return {
      status,
      headers: { ...headers, ...(cookies.length > 0 && { 'Set-Cookie': cookies }) },
      body: text,
    }
  }

  async function handshake(request: HttpRequest, event: RequestEvent, own: string): Promise<HttpResponse> {
    event.operation = 'frontend.handshake'
    requireGet(request)
    const visit = await visitOf(request, event, own)
    return shake(visit, request, readFields(request.query))
  }

  async function accept(request: HttpRequest, event: RequestEvent, own: string): Promise<HttpResponse> {
    event.operation = 'frontend.acceptTicket'
    requireGet(request)
    const { instance } = await visitOf(request, event, own)
    const { ticket } = readFields(request.query)
    if (ticket === undefined) throw new AuthorityError('ticket_invalid_code')
    return redirectTo(await frontend.acceptTicket(instance, ticket))
  }

  return async (request) => {
    const started = performance.now()
    const event = newEvent(request)
    let response: HttpResponse
    let fault: unknown
    try {
      response = await answer(request, event)
    } catch (thrown) {
      const { error, headers } = thrown instanceof WithHeaders ? thrown : { error: thrown, headers: {} }
      const { code, reason } = asRefusal(error)
      event.errorCode = code
      event.verdict = reason ?? null
      if (!(error instanceof AuthorityError) || error.cause !== undefined) fault = error
      const refused = toErrorResponse(error, { traceId: event.traceId, explain: false })
      response = { ...refused, headers: { ...refused.headers, ...headers } }
    }
    event.status = response.status
    event.durationMs = performance.now() - started
    options.observe(event, fault)
    return {
      status: response.status,
      headers: { ...response.headers, 'Clerk-Trace-Id': event.traceId },
      body: request.method === 'HEAD' ? '' : response.body,
    }
  }
}

/** Something that went wrong, and what its answer has to carry. */
class WithHeaders extends Error {
  readonly error: unknown
  readonly headers: Readonly<Record<string, string>>

  constructor(thrown: unknown, headers: Readonly<Record<string, string>>) {
    super()
    this.error = thrown instanceof WithHeaders ? thrown.error : thrown
    this.headers = thrown instanceof WithHeaders ? { ...thrown.headers, ...headers } : headers
  }
}

function requireGet({ method }: HttpRequest): void {
  if (method !== 'GET' && method !== 'HEAD') throw new MethodNotAllowed(['GET'])
}

function named(event: RequestEvent, operation: string, response: HttpResponse): HttpResponse {
  event.operation = operation
  return response
}

const newEvent = ({ method, address }: HttpRequest): RequestEvent => ({
  traceId: randomUUID(),
  method,
  address,
  operation: 'none',
  status: 0,
  durationMs: 0,
  caller: null,
  verdict: null,
  errorCode: null,
  replayed: false,
})
