/** What anyone may ask, without a key: is the server well, and which keys verify an instance's JWTs. */
import { createHash } from 'node:crypto'
import { AuthorityError, notFound } from '../core/errors.ts'
import type { FrontendOriginOf, Instance } from '../directory/instances/instance.ts'
import type { Jwks } from '../signing/jwks.ts'
import type { StorageHealth } from '../storage/storage.ts'
import { jsonResponse, type HttpRequest, type HttpResponse } from './exchange.ts'

export interface PublicRoute {
  readonly operation: string
  serve(request: HttpRequest): HttpResponse | Promise<HttpResponse>
}

/** The key sets of all instances, kept in memory by whoever composes the server. */
export interface PublishedKeys {
  all(): readonly Published[]
}

export interface Published {
  readonly instance: Instance
  readonly jwks: Jwks
}

type JwksDeps = Pick<PublicRouteDeps, 'publishedKeys' | 'frontendOriginOf'>

export interface PublicRouteDeps {
  readonly publishedKeys: PublishedKeys
  /** @throws {AuthorityError} `service_unavailable` if requests should go elsewhere */
  readonly checkReady: () => Promise<StorageHealth>
  readonly frontendOriginOf: FrontendOriginOf
}

const JWKS_MAX_AGE_SECONDS = 300

export function publicRoutes(
  deps: PublicRouteDeps,
): readonly (readonly [path: string, route: PublicRoute])[] {
  return [
    ['/health/live', { operation: 'health.live', serve: () => jsonResponse(200, { status: 'live' }) }],
    ['/health/ready', { operation: 'health.ready', serve: () => serveReady(deps) }],
    ['/.well-known/jwks.json', { operation: 'jwks.public', serve: (request) => serveJwks(deps, request) }],
  ]
}

async function serveReady({ checkReady }: PublicRouteDeps): Promise<HttpResponse> {
  const { log, logAgeMs } = await checkReady()
  return jsonResponse(200, { status: 'ready', log: { ...log, age_ms: logAgeMs } })
}

/**
 * The instance whose frontend a request was sent to; the only one there is, wherever it was sent.
 *
 * @throws {AuthorityError} `resource_not_found`, or `service_unavailable` while there is none
 */
export function publishedTo(
  publishedKeys: PublishedKeys,
  frontendOriginOf: FrontendOriginOf,
  request: HttpRequest,
): Published {
  const all = publishedKeys.all()
  const host = request.header('host')?.toLowerCase() ?? ''
  const chosen = hostsOf(all, frontendOriginOf).get(host) ?? (all.length === 1 ? all[0] : undefined)
  if (chosen === undefined) {
    throw all.length === 0 ? new AuthorityError('service_unavailable', { retryAfter: 1 }) : notFound()
  }
  return chosen
}

const hostsByList = new WeakMap<readonly Published[], ReadonlyMap<string, Published | null>>()

/** Made once for each reading of the instances: of many, no request looks at all. `null`: several have that host. */
function hostsOf(all: readonly Published[], frontendOriginOf: FrontendOriginOf) {
  const known = hostsByList.get(all)
  if (known !== undefined) return known
  const hosts = new Map<string, Published | null>()
  for (const each of all) {
    const { host } = new URL(frontendOriginOf(each.instance))
    hosts.set(host, hosts.has(host) ? null : each)
  }
  hostsByList.set(all, hosts)
  return hosts
}

/** The public keys of the instance that a request was sent to. Browsers of any origin may read them. */
export function serveJwks({ publishedKeys, frontendOriginOf }: JwksDeps, request: HttpRequest): HttpResponse {
  const body = JSON.stringify(publishedTo(publishedKeys, frontendOriginOf, request).jwks)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
    'Access-Control-Allow-Origin': '*',
    ETag: etag,
    Vary: 'Host',
  }
  const known = request
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  return known?.includes(etag) || known?.includes('*')
    ? { status: 304, headers, body: '' }
    : { status: 200, headers, body }
}
