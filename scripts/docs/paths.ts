/** The paths that the server answers to, for pages that name one. */
import { publicRoutes, type PublicRouteDeps } from '../../packages/server/src/http/public-routes.ts'
import { FRONTEND_PATHS } from '../../packages/server/src/http/frontend/paths.ts'
import { frontendRoutes } from '../../packages/server/src/http/frontend/routes.ts'
import { NOTHING, operationsOfAuthority } from './reference.ts'

const OPERATIONS = operationsOfAuthority()

/** Without a key, and so without an operation. */
const PUBLIC = new Set([
  ...publicRoutes({} as PublicRouteDeps).map(([path]) => path),
  '/openapi.json',
  '/metrics',
  ...Object.values(FRONTEND_PATHS),
])

/** What browsers ask, on an origin of its own. */
const FRONTEND = frontendRoutes(NOTHING as never, NOTHING as never)
const A_SESSION = `sess_${'0'.repeat(27)}`

const NAMED = /^(?<method>GET|POST|PUT|PATCH|DELETE) (?<path>\/[^\s?]*)/
const LOCAL = /\bhttps?:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?(?<path>\/[^\s?"'`)]*)/g

/** @returns the paths that are named in a piece of a page and that no route has */
export function unknownPathsIn(text: string): readonly string[] {
  const named = NAMED.exec(text)?.groups
  const fault = named && !isServed(named.path!, named.method) ? [`${named.method} ${named.path}`] : []
  const local = [...text.matchAll(LOCAL)].map(({ groups }) => groups!.path!)
  return [...fault, ...local.filter((path) => !isServed(path))]
}

function isServed(path: string, method?: string): boolean {
  // Clients are given a base URL, with or without the version.
  if (path === '/' || path === '/v1' || path === '/v1/' || PUBLIC.has(path)) return true
  const example = path.replace('{id}', A_SESSION)
  if (FRONTEND.some((route) => route.path.test(example) && (method ?? route.method) === route.method))
    return true
  return OPERATIONS.some((operation) => {
    if (method !== undefined && operation.method !== method) return false
    const own = operation.path
    return matches(own, path) || (operation.unversioned === true && matches(own.slice('/v1'.length), path))
  })
}

function matches(template: string, path: string): boolean {
  const expected = template.split('/')
  const given = path.split('/')
  return (
    expected.length === given.length &&
    expected.every((part, index) => part.startsWith('{') || part === given[index])
  )
}
