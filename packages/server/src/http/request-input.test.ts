import { describe, expect, it } from 'vitest'
import { AuthorityError } from '../core/errors.ts'
import type { HttpRequest } from './exchange.ts'
import { readJsonBody, readQuery } from './request-input.ts'

const request = (body: string | Uint8Array, headers: Record<string, string> = {}): HttpRequest => ({
  method: 'POST',
  path: '/',
  query: '',
  header: (name) => headers[name] ?? null,
  repeated: () => false,
  isComplete: () => true,
  body: async () => (typeof body === 'string' ? Buffer.from(body) : body),
  address: null,
})

/** As of an operation that lists users. */
const LISTS = new Set(['email_address', 'phone_number', 'user_id', 'username', 'external_id'])

const codeOf = (act: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(act)
    .then(
      () => 'accepted',
      (error: unknown) => (error instanceof AuthorityError ? error.code : error),
    )

describe('a body', () => {
  it.each([null, 'application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'of type %s is read as a JSON object',
    async (type) => {
      const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
      expect(await readJsonBody(request('{"a":[1]}', headers))).toEqual({ a: [1] })
    },
  )

  // Published clients send JSON's content type with nothing after it.
  it.each([null, 'application/json', 'text/plain', 'application/x-www-form-urlencoded'])(
    'that is empty is an empty object, of whatever type: %s',
    async (type) => {
      const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
      expect(await readJsonBody(request('', headers))).toEqual({})
    },
  )

  it('that is null is an empty object too', async () => {
    expect(await readJsonBody(request(' null\n'))).toEqual({})
  })

  it.each([
    ['content-type', 'text/plain'],
    ['content-type', 'text/plain; application/json'],
    ['content-type', 'application/jsonp'],
    ['content-type', 'application/json-patch+json'],
    ['content-type', 'application/json, text/plain'],
    ['content-type', 'application/json; charset=utf-16'],
    ['content-type', 'application/json; charset=latin1'],
    ['content-type', 'multipart/form-data; boundary=x'],
    ['content-type', ''],
    ['content-encoding', 'gzip'],
    ['content-encoding', 'br'],
    ['content-encoding', 'identity, gzip'],
  ])('with %s: %s is unsupported', async (name, value) => {
    const answer = await codeOf(() => readJsonBody(request('{"a":1}', { [name]: value })))
    expect(answer).toBe('unsupported_content_type')
  })

  it('may say that it is not encoded', async () => {
    expect(await readJsonBody(request('{}', { 'content-encoding': 'identity' }))).toEqual({})
  })

  it.each([
    ['a list', '[]'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['spaces', '  '],
    ['half an object', '{"a":'],
    ['two objects', '{}{}'],
    ['a form', 'a=1&b=2'],
    ['a name twice', '{"a":1,"a":2}'],
    ['a number too large', '{"a":1e400}'],
    ['half of a surrogate pair', '{"a":"\\ud800"}'],
    ['too many levels', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ])('that is %s is invalid', async (_name, body) => {
    expect(await codeOf(() => readJsonBody(request(body)))).toBe('request_body_invalid')
  })

  it('that is too large is refused as its reader says', async () => {
    const tooLarge = {
      ...request(''),
      body: () => Promise.reject(new AuthorityError('request_body_too_large')),
    }
    expect(await codeOf(() => readJsonBody(tooLarge))).toBe('request_body_too_large')
  })

  // Stops a secret in a broken body from being sent back, or logged with the refusal.
  it('is never repeated in what is said about it', async () => {
    for (const body of [
      '{"a":"CANARY',
      '{"CANARY":1,"CANARY":1}',
      'CANARY',
      '["CANARY"]',
      '{"a":"CANARY\\ud800"}',
    ]) {
      const error: AuthorityError = await readJsonBody(request(body)).then(
        () => expect.fail('it was read'),
        (thrown: unknown) => thrown as AuthorityError,
      )
      expect([error.message, error.longMessage, String(error.cause)].join()).not.toContain('CANARY')
    }
  })
})

describe('a query', () => {
  it.each<readonly [string, object]>([
    ['', {}],
    ['limit=10&offset=0', { limit: '10', offset: '0' }],
    ['query=a%20b+c', { query: 'a b c' }],
    ['query=%F0%9F%98%80', { query: '😀' }],
    ['query=a=b', { query: 'a=b' }],
    ['query=', { query: '' }],
    ['query', { query: '' }],
    ['&&', {}],
    ['user_id=a', { user_id: ['a'] }],
    ['user_id=a&user_id=b', { user_id: ['a', 'b'] }],
    ['user_id[]=a&user_id[]=b', { user_id: ['a', 'b'] }],
    ['user_id%5B%5D=a&user_id=b', { user_id: ['a', 'b'] }],
    ['email_address=a%40b.example', { email_address: ['a@b.example'] }],
    ['limit[]=1', { 'limit[]': '1' }],
    ['user_id[0]=a', { 'user_id[0]': 'a' }],
    ['LIMIT=1&limit=2', { LIMIT: '1', limit: '2' }],
  ])('%s is read as %j', (query, values) => {
    expect({ ...readQuery(query, LISTS) }).toEqual(values)
  })

  // Stops a parameter that two programs would take from different ends of the query.
  it.each([
    'limit=1&limit=2',
    'limit=1&limit=1',
    'limit=&limit=1',
    'a=1&b=2&%61=3',
    '__proto__=1&__proto__=2',
  ])('%s is refused because it repeats a parameter', async (query) => {
    expect(await codeOf(() => readQuery(query, LISTS))).toBe('malformed_request_parameters')
  })

  it.each(['a=%', 'a=%2', 'a=%zz', 'a=%ff', 'a=%c0%af', 'a=%ed%a0%80', '%e2%82=1'])(
    '%s is refused because it is not properly encoded',
    async (query) => {
      expect(await codeOf(() => readQuery(query, LISTS))).toBe('malformed_request_parameters')
    },
  )

  // A18: stops prototype pollution by way of a parameter's name.
  it('keeps the names of object members as names', () => {
    const values = readQuery('__proto__=1&constructor=2&toString=3', LISTS)
    expect(Object.keys(values).toSorted()).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(values)).toBeNull()
    expect(Object.hasOwn(Object.prototype, '1')).toBe(false)
  })
})
