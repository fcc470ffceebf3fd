import { fromEnvironment } from './environment.ts'
import { InvalidRequestError } from './errors.ts'
import { instanceKey, type KeySource } from './keys.ts'
import type { ClientOptions, RequestOptions } from './options.ts'

/** One call of one operation, before any option is looked at. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From `/v1` on, with its query. */
  readonly path: string
  readonly body?: object | undefined
  /** Whose key opens it. Default: an instance's. */
  readonly key?: KeySource
}

/** @throws {InvalidRequestError} if there is no key or no address, or if a header cannot be one */
export async function buildRequest(
  client: ClientOptions,
  { method, path, body, key = instanceKey }: Call,
  { serverURL, fetchOptions, idempotencyKey }: RequestOptions,
): Promise<{ url: string; init: RequestInit }> {
  const url = serverURL || client.serverURL || client.apiUrl || fromEnvironment('API_URL') || DEFAULT_URL
  // A password in it would be shown by the platform's own error.
  if (!/^https?:\/\/[^\s?#@]+$/.test(url)) {
    throw new InvalidRequestError('invalid_url', 'serverURL must be like https://auth.example.com')
  }
  const bearer = await key(client)
  if (!bearer) {
    throw new InvalidRequestError(
      'missing_key',
      `This call needs a ${key === instanceKey ? 's' : 'machineS'}ecretKey`,
    )
  }
  const headers = toHeaders({
    Accept: 'application/json',
    Authorization: `Bearer ${bearer}`,
    ...(body && { 'Content-Type': 'application/json' }),
    ...(method === 'POST' && { 'Idempotency-Key': idempotencyKey ?? newKey() }),
  })
  toHeaders(fetchOptions?.headers).forEach((value, name) => headers.set(name, value))
  return {
    // Some clients were given the address with its version; every path here has it.
    url: new URL(url.replace(/(\/v1)?\/*$/, path)).href,
    init: { redirect: 'manual', ...fetchOptions, method, headers, body: JSON.stringify(body) },
  }
}

function toHeaders(init: HeadersInit | undefined): Headers {
  try {
    return new Headers(init)
  } catch {
    // The platform's own error shows the value, which may be a key.
    throw new InvalidRequestError('invalid_header', 'The key or a header holds a bad character')
  }
}

const DEFAULT_URL = 'http://127.0.0.1:4100'

/** Not `randomUUID`, which a page without https does not have. */
const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-')
