/** Finds the route of a path. Paths are compared as they came: nothing is decoded, merged or trimmed. */
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'
import { AuthorityError, notFound, unknownEndpoint } from '../core/errors.ts'
import type { Route } from '../core/operation.ts'

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

export class MethodNotAllowed extends AuthorityError {
  readonly allow: string

  constructor(methods: readonly string[]) {
    super('method_not_allowed')
    this.allow = methods.join(', ')
  }
}

/** @returns a function that throws `resource_not_found`, or `method_not_allowed` with the methods that are */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  // Paths without parameters are looked up as they are: that is quicker, and lets the router for the
  // others be one that knows no parameter beside a fixed name.
  const fixed = new Map<string, Match>()
  const router = new SmartRouter<Route>({ routers: [new RegExpRouter(), new TrieRouter()] })
  for (const route of routes) {
    for (const path of pathsOf(route)) {
      if (path.includes('{')) router.add(route.operation.method, path.replaceAll(/\{(\w+)\}/g, ':$1'), route)
      else fixed.set(`${route.operation.method} ${path}`, { route, params: {} })
    }
  }

  function find(method: string, path: string): Match | null {
    // Such as the `*` of an OPTIONS request: not a path at all.
    if (!path.startsWith('/')) return null
    const exact = fixed.get(`${method} ${path}`)
    if (exact !== undefined) return exact
    const [candidates, values] = router.match(method, path)
    for (const [route, indexes] of candidates) {
      // Hono gives either the parameters themselves or where they stand in a list.
      const params: Record<string, string> = {}
      for (const [name, at] of Object.entries<number | string>(indexes))
        params[name] = typeof at === 'number' ? values![at]! : at
      if (haveTheirShapes(route, params)) return { route, params }
    }
    return null
  }

  return (method, path) => {
    // The answer to HEAD is the answer to GET without its body.
    const match = find(method === 'HEAD' ? 'GET' : method, path)
    if (match !== null) return match
    const others = METHODS.filter((other) => find(other, path) !== null)
    if (others.length > 0) throw new MethodNotAllowed(others)
    throw METHODS.some((each) => router.match(each, path)[0].length > 0) ? notFound() : unknownEndpoint()
  }
}

const pathsOf = ({ operation: { path, unversioned } }: Route): readonly string[] =>
  unversioned ? [path, path.slice('/v1'.length)] : [path]

/** An id of another shape names nothing here, so its path is not there either. */
const haveTheirShapes = ({ operation: { params = {} } }: Route, values: Match['params']): boolean =>
  Object.entries(params).every(([name, shape]) => shape.test(values[name] ?? ''))
