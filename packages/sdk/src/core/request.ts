import { toWire } from './casing.ts'
import { fromEnvironment } from './environment.ts'
import { InvalidRequestError } from './errors.ts'
import type { ClientOptions, RequestOptions } from './options.ts'

/** One call of one operation, before any option is looked at. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From `/v1` on, in pieces; every second one is an id. */
  readonly path: readonly string[]
  /** Whose key opens it. `either`: a machine's if there is one, else the instance's. */
  readonly key: 'instance' | 'machine' | 'either'
  readonly machineSecretKey?: string | undefined
  /** The query of a GET, else the body. */
  readonly fields?: object
}

/** For the calls that a machine may make: its key, if not the client's. */
export interface WithMachineKey {
  readonly machineSecretKey?: string | undefined
}

/** @throws {InvalidRequestError} for an id that would make it another path */
function pathOf({ path }: Call): string {
  for (let at = 1; at < path.length; at += 2) {
    if (!/^[\w-]+$/.test(path[at]!))
      throw new InvalidRequestError('invalid_request', 'An id is missing or is none')
  }
  return path.join('')
}

/** @throws {InvalidRequestError} if there is no key or no address, or if a value is not JSON */
export async function buildRequest(
  client: ClientOptions,
  call: Call,
  options: RequestOptions,
): Promise<{ url: string; init: RequestInit }> {
  const { method } = call
  const fields = toWire(call.fields ?? {})
  const url = baseUrl(options.serverURL ?? client.serverURL ?? client.apiUrl) + pathOf(call)
  const headers = new Headers({
    Accept: 'application/json',
    Authorization: `Bearer ${await keyFor(client, call)}`,
  })
  const init: RequestInit = { redirect: 'manual', ...options.fetchOptions, method, headers }
  if (method === 'POST') headers.set('Idempotency-Key', options.idempotencyKey ?? newKey())
  if (method !== 'GET' && fields.length > 0) {
    headers.set('Content-Type', 'application/json')
    init.body = JSON.stringify(Object.fromEntries(fields))
  }
  new Headers(options.fetchOptions?.headers).forEach((value, name) => headers.set(name, value))
  return { url: method === 'GET' ? withQuery(url, fields) : url, init }
}

const DEFAULT_URL = 'http://127.0.0.1:4100'

/** Some clients were given the address with its version; every path here has it. */
function baseUrl(given: string | undefined): string {
  const text = given || fromEnvironment('API_URL') || DEFAULT_URL
  if (!/^https?:\/\/[^\s?#]+$/.test(text)) {
    throw new InvalidRequestError('invalid_request', 'The address of the server is not an http URL')
  }
  return text.replace(/\/+$/, '').replace(/\/v1$/, '')
}

async function keyFor(client: ClientOptions, { key, machineSecretKey }: Call): Promise<string> {
  const { bearerAuth } = client
  const ofMachine = () => machineSecretKey || client.machineSecretKey || fromEnvironment('MACHINE_SECRET_KEY')
  const ofInstance = async () =>
    (typeof bearerAuth === 'function' ? await bearerAuth() : bearerAuth) ||
    client.secretKey ||
    fromEnvironment('SECRET_KEY')
  const found =
    key === 'instance'
      ? await ofInstance()
      : (ofMachine() ?? (key === 'either' ? await ofInstance() : undefined))
  if (found === undefined) {
    const name =
      key === 'machine'
        ? 'machineSecretKey or MINTMARK_MACHINE_SECRET_KEY'
        : 'secretKey or MINTMARK_SECRET_KEY'
    throw new InvalidRequestError('missing_key', `There is no key for this call: give ${name}`)
  }
  // What a header cannot hold would be shown in the platform's own error.
  if (!/^[\x21-\x7e]+$/.test(found))
    throw new InvalidRequestError('invalid_key', 'The key has a character that no key has')
  return found
}

function withQuery(url: string, fields: readonly [string, unknown][]): string {
  const query = new URLSearchParams()
  for (const [name, value] of fields) for (const each of [value].flat()) query.append(name, String(each))
  return fields.length > 0 ? `${url}?${query}` : url
}

/** Not `randomUUID`, which a page without https does not have. */
const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
