/** A request of Node's http, as far as it is looked at; those of Express and Fastify's `raw` have this. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express cuts `url` at a router, and keeps the whole here. */
  readonly originalUrl?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawHeaders?: readonly string[] | undefined
}

/**
 * The same request in the words of the web platform. Headers are read as they came: Node keeps the
 * first of two `Authorization` headers and drops the other, and a proxy in front may have looked at that one.
 */
export function readNodeRequest(request: NodeRequest) {
  const { method = 'GET', url = '/', originalUrl = url, rawHeaders = [] } = request
  const headers = new Headers()
  const pairs = rawHeaders.length > 0 ? pairsOf(rawHeaders) : Object.entries(request.headers)
  for (const [name, value] of pairs) {
    // HTTP/2 has names with a colon, which say nothing about the caller.
    if (value === undefined || name.startsWith(':')) continue
    for (const each of [value].flat()) headers.append(name, each)
  }
  return { method, url: originalUrl, headers }
}

const pairsOf = (raw: readonly string[]): (readonly [string, string])[] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []))
