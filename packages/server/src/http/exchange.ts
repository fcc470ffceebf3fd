/**
 * A request and its answer as this server sees them: less than `node:http` has and less than `Request`
 * has, so that both can be put on either with nothing in between.
 */
export interface HttpRequest {
  readonly method: string
  /** As it came: not decoded, without the query. */
  readonly path: string
  /** What stands after the question mark, not decoded. */
  readonly query: string
  /** By its name in lower case. */
  header(name: string): string | null
  /** Was the header sent more than once? */
  repeated(name: string): boolean
  /** Has all of it come by now? */
  isComplete(): boolean
  /** @throws {AuthorityError} `request_body_too_large` past the limit, without reading the rest */
  body(): Promise<Uint8Array>
  readonly address: string | null
}

export interface HttpResponse {
  readonly status: number
  /** Several values are several headers of that name. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Uint8Array
}

/** Longest request body that is read. */
export const BODY_LIMIT = 65_536

/** The content type is exactly this: published clients take anything longer for text (wire reference, "Responses"). */
export const JSON_HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
} as const

export const jsonResponse = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({ status, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) })
