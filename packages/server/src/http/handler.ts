/**
 * The HTTP edge. Input is checked on the way in; on the way out it is cut to what the operation declares;
 * whatever is thrown is caught here and nowhere else.
 */
import { randomUUID } from 'node:crypto'
import type { Authority } from '../authority.ts'
import type { Call, Caller } from '../core/caller.ts'
import { AuthorityError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { EncodedAnswer, type Input, type Operation } from '../core/operation.ts'
import type { LogHead } from '../revocation/log.ts'
import { authenticate } from './authenticate.ts'
import { asRefusal, toErrorResponse } from './errors.ts'
import { JSON_HEADERS, jsonResponse, type HttpRequest, type HttpResponse } from './exchange.ts'
import { createServeOnce, readIdempotencyKey } from './idempotency.ts'
import { openApiRoute } from './openapi.ts'
import { publicRoutes, type PublicRoute, type PublicRouteDeps } from './public-routes.ts'
import { createRateLimiter } from './rate-limit.ts'
import { listsOf, readJsonBody, readQuery } from './request-input.ts'
import type { RequestEvent, RequestObserver } from './request-event.ts'
import { createRouter, MethodNotAllowed, type Match } from './router.ts'
import { validate } from './validate.ts'

export type Handler = (request: HttpRequest) => Promise<HttpResponse>

export interface HandlerOptions extends Omit<PublicRouteDeps, 'frontendOriginOf'> {
  readonly observe: RequestObserver
  /** Requests of one key in ten seconds; 0 for no limit. */
  readonly rateLimit: number
  /** In front of every path, such as `/mintmark`; empty for none. */
  readonly basePath: string
}

export function createHandler(authority: Authority, options: HandlerOptions): Handler {
  const { deps, storage, routes } = authority
  const match = createRouter(routes)
  const limit = createRateLimiter(options.rateLimit, deps.clock)
  const once = createServeOnce({ ...deps, storage })
  const open = new Map<string, PublicRoute>([
    ...publicRoutes({ ...options, frontendOriginOf: deps.frontendOriginOf }),
    openApiRoute(routes),
  ])

  async function answer(request: HttpRequest, event: RequestEvent): Promise<HttpResponse> {
    const path = withoutBase(request.path, options.basePath)
    const openRoute = open.get(path)
    if (openRoute !== undefined) {
      event.operation = openRoute.operation
      if (request.method !== 'GET' && request.method !== 'HEAD') throw new MethodNotAllowed(['GET'])
      return openRoute.serve(request)
    }
    requireApiVersion(request)
    const matched = match(request.method, path)
    const { operation } = matched.route
    event.operation = operation.id
    const caller = await recognize(matched, request)
    event.caller = caller
    if (!operation.unlimited) limit(operation.verdict ? `${caller.keyId} verdict` : caller.keyId)
    const key = readIdempotencyKey(request, operation)
    const body = operation.body && (await readInTime(matched, request))
    const input = validateInput(matched, request, body)
    const call = { caller, address: event.address, traceId: event.traceId }
    if (key !== null) {
      const keyed = { key, match: matched, query: request.query, body, call }
      return once(keyed, event, () => serve(matched, input, call))
    }
    const response = await serve(matched, input, call)
    if (operation.verdict) event.verdict = 'active'
    return response
  }

  async function recognize(matched: Match, request: HttpRequest) {
    const catchingUp = storage.catchUp()
    if (catchingUp !== undefined) await catchingUp
    return authenticate(deps, matched.route.operation, request)
  }

  /** Whose body comes later is asked for his key again: it may have ended since its headers came. */
  async function readInTime(matched: Match, request: HttpRequest): Promise<JsonObject> {
    const hadCome = request.isComplete()
    const body = await readJsonBody(request)
    if (!hadCome) await recognize(matched, request)
    return body
  }

  return async (request) => {
    const started = performance.now()
    const event = newEvent(request, randomUUID())
    let response: HttpResponse
    let fault: unknown
    try {
      response = await answer(request, event)
    } catch (error) {
      const { code, reason } = asRefusal(error)
      event.errorCode = code
      event.verdict = reason ?? null
      if (!(error instanceof AuthorityError) || error.cause !== undefined) fault = error
      response = toErrorResponse(error, {
        traceId: event.traceId,
        explain: mayExplain(request, event.caller),
      })
    }
    event.status = response.status
    event.durationMs = performance.now() - started
    options.observe(event, fault)
    const headers: Record<string, string | string[]> = {
      ...response.headers,
      'Clerk-Trace-Id': event.traceId,
    }
    // How much is revoked here, and how often, is nothing for strangers.
    if (event.caller !== null) headers['Mintmark-Log-Position'] = positionOf(storage.logPosition())
    return { status: response.status, headers, body: request.method === 'HEAD' ? '' : response.body }
  }
}

function validateInput(
  { route: { operation }, params }: Match,
  request: HttpRequest,
  sent: JsonObject | undefined,
): Input<unknown, unknown> {
  const { dialect } = operation
  const query =
    operation.query && validate(operation.query, queryOf(request, operation.query), 'query', dialect)
  const body = operation.body && validate(operation.body, sent, 'body', dialect)
  return { params, query, body }
}

const queryOf = (request: HttpRequest, schema: NonNullable<Operation['query']>) =>
  readQuery(request.query, listsOf(schema))

/** Runs one matched route for a caller who may call it. */
async function serve({ route }: Match, input: Input<unknown, unknown>, call: Call): Promise<HttpResponse> {
  const { operation } = route
  const result = await route.handle(input, call)
  return result instanceof EncodedAnswer
    ? { status: operation.success, headers: JSON_HEADERS, body: result.json }
    : jsonResponse(operation.success, operation.response.parse(result))
}

const newEvent = ({ method, address }: HttpRequest, traceId: string): RequestEvent => ({
  traceId,
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

/** Any date will do: what this API does is the same for all of them. */
function requireApiVersion(request: HttpRequest): void {
  const version = request.header('clerk-api-version')
  if (version !== null && !/^\d{4}-\d{2}-\d{2}$/.test(version))
    throw new AuthorityError('api_version_invalid')
}

const positionOf = ({ epoch, position }: LogHead): string => `${epoch}:${position}`

const withoutBase = (path: string, base: string): string =>
  base !== '' && path.startsWith(`${base}/`) ? path.slice(base.length) : path

/** Only who could list the token anyway learns why it was refused. */
const mayExplain = (request: HttpRequest, caller: Caller | null): boolean =>
  caller?.kind === 'instance' && request.header('mintmark-explain') === '1'
