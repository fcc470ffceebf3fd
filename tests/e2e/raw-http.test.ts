/** What a real server does with bytes that no well-behaved client sends: one reading of a request, or none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'
import { exchange, openRaw } from './raw-socket.ts'

let server: ServerProcess
/** Host and a good key. */
let head: string
/** A whole request that must never be taken for one: it would leave a machine behind. */
let smuggled: string

const NAME = 'smuggled'

beforeAll(async () => {
  server = await startDev()
  const key = server.env.CLERK_SECRET_KEY!
  head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n`
  const body = JSON.stringify({ name: NAME })
  smuggled = `POST /v1/machines HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
})
afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

const api = async (path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${server.env.CLERK_SECRET_KEY}` }
  return (await fetch(`${server.url}${path}`, { ...init, headers })).json() as Promise<{
    total_count: number
  }>
}
const smuggledMachines = async () => (await api(`/v1/machines?query=${NAME}`)).total_count

const post = (headers: string, body = '') =>
  `POST /v1/testing_tokens HTTP/1.1\r\n${head}${headers}\r\n\r\n${body}`
const CHUNKS = '2\r\n{}\r\n0\r\n\r\n'

/** Requests whose end is in dispute, each as a list of header lines and a body. */
const AMBIGUOUS: readonly [what: string, request: () => string][] = [
  [
    'Content-Length and Transfer-Encoding',
    () => post('Content-Length: 6\r\nTransfer-Encoding: chunked', CHUNKS),
  ],
  [
    'Transfer-Encoding and Content-Length',
    () => post('Transfer-Encoding: chunked\r\nContent-Length: 6', CHUNKS),
  ],
  ['two lengths', () => post('Content-Length: 2\r\nContent-Length: 50', '{}')],
  ['one length twice', () => post('Content-Length: 2\r\nContent-Length: 2', '{}')],
  ['a list of lengths', () => post('Content-Length: 2, 2', '{}')],
  ['a length with a sign', () => post('Content-Length: +2', '{}')],
  ['a negative length', () => post('Content-Length: -2', '{}')],
  ['a length in hex', () => post('Content-Length: 0x2', '{}')],
  ['a length with an exponent', () => post('Content-Length: 1e1', '{}')],
  ['a length with a space in it', () => post('Content-Length: 2 2', '{}')],
  ['a length past every integer', () => post('Content-Length: 99999999999999999999', '{}')],
  ['an empty length', () => post('Content-Length:', '{}')],
  ['a length with a space before its colon', () => post('Content-Length : 2', '{}')],
  ['chunked twice', () => post('Transfer-Encoding: chunked, chunked', CHUNKS)],
  [
    'chunked twice, on two lines',
    () => post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', CHUNKS),
  ],
  ['chunked, then identity', () => post('Transfer-Encoding: chunked, identity', CHUNKS)],
  [
    'chunked, then identity, on two lines',
    () => post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', CHUNKS),
  ],
  ['identity alone', () => post('Transfer-Encoding: identity', '{}')],
  ['xchunked', () => post('Transfer-Encoding: xchunked', CHUNKS)],
  ['chunkedx', () => post('Transfer-Encoding: chunkedx', CHUNKS)],
  ['chunked in quotes', () => post('Transfer-Encoding: "chunked"', CHUNKS)],
  ['a space before the colon', () => post('Transfer-Encoding : chunked', CHUNKS)],
  ['a tab before the colon', () => post('Transfer-Encoding\t: chunked', CHUNKS)],
  ['a vertical tab before the value', () => post('Transfer-Encoding:\x0bchunked', CHUNKS)],
  ['a space before the name', () => post('X-A: b\r\n Transfer-Encoding: chunked', CHUNKS)],
  ['a chunk size with a sign', () => post('Transfer-Encoding: chunked', '+2\r\n{}\r\n0\r\n\r\n')],
  ['a chunk size in the form of C', () => post('Transfer-Encoding: chunked', '0x2\r\n{}\r\n0\r\n\r\n')],
  ['a negative chunk size', () => post('Transfer-Encoding: chunked', '-1\r\n{}\r\n0\r\n\r\n')],
  ['a chunk size with a space', () => post('Transfer-Encoding: chunked', '2 \r\n{}\r\n0\r\n\r\n')],
  ['no chunk size', () => post('Transfer-Encoding: chunked', '\r\n{}\r\n0\r\n\r\n')],
  [
    'a chunk size past every integer',
    () => post('Transfer-Encoding: chunked', 'FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n'),
  ],
  ['a chunk longer than it says', () => post('Transfer-Encoding: chunked', '2\r\n{}x\r\n0\r\n\r\n')],
  ['chunks with bare line feeds', () => post('Transfer-Encoding: chunked', '2\n{}\n0\n\n')],
  [
    'a chunk extension with a bare line feed',
    () => post('Transfer-Encoding: chunked', '2;a\n{}\r\n0\r\n\r\n'),
  ],
  [
    'a length in the trailers',
    () => post('Transfer-Encoding: chunked', '2\r\n{}\r\n0\r\nContent-Length: 50\r\n\r\n'),
  ],
  ['bare line feeds', () => post('Content-Length: 2', '{}').replaceAll('\r\n', '\n')],
  ['one bare line feed between headers', () => post('X-A: b\nX-B: c\r\nContent-Length: 2', '{}')],
  ['a bare line feed at the end of the headers', () => post('Content-Length: 2').replace(/\r\n$/, '\n')],
  ['a bare carriage return', () => post('X-A: b\rX-B: c\r\nContent-Length: 2', '{}')],
  ['a folded header', () => post('X-A: b\r\n c\r\nContent-Length: 2', '{}')],
  ['a folded length', () => post('Content-Length: 2\r\n\t0', '{}')],
  ['a folded Transfer-Encoding', () => post('Transfer-Encoding:\r\n chunked', CHUNKS)],
  ['a NUL in a header', () => post('X-A: b\0c\r\nContent-Length: 2', '{}')],
  ['a NUL in the name of a header', () => post('X\0A: b\r\nContent-Length: 2', '{}')],
  ['a NUL in the target', () => post('Content-Length: 2', '{}').replace(' HTTP/1.1', '\0 HTTP/1.1')],
  ['a space in the name of a header', () => post('X A: b\r\nContent-Length: 2', '{}')],
  ['a header without a name', () => post(': b\r\nContent-Length: 2', '{}')],
  ['a header without a colon', () => post('XA\r\nContent-Length: 2', '{}')],
  ['a space in the target', () => post('Content-Length: 2', '{}').replace(' HTTP/1.1', ' x HTTP/1.1')],
  ['a tab for a space', () => post('Content-Length: 2', '{}').replace('POST ', 'POST\t')],
  ['a method in lower case', () => post('Content-Length: 2', '{}').replace('POST', 'post')],
  ['a method nobody knows', () => post('Content-Length: 2', '{}').replace('POST', 'FOO')],
  ['HTTP/1.2', () => post('Content-Length: 2', '{}').replace('HTTP/1.1', 'HTTP/1.2')],
  ['no version', () => 'GET /health/live\r\n'],
  ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['no Host', () => 'GET /health/live HTTP/1.1\r\n\r\n'],
]

describe('a request that two programs could read differently', () => {
  // Stops a request from being hidden in another behind a proxy that reads it differently (request smuggling).
  it.each(AMBIGUOUS)(
    'with %s is 400 and ends the connection, and nothing after it is read',
    async (_what, request) => {
      const before = await smuggledMachines()
      const responses = await exchange(server.url, request() + smuggled)
      expect(responses.map(({ status, headers }) => [status, headers.connection])).toStrictEqual([
        [400, 'close'],
      ])
      expect(JSON.parse(responses[0]!.body)).toMatchObject({ errors: [{ code: 'bad_request' }] })
      expect(await smuggledMachines()).toBe(before)
    },
  )

  it.each([
    ['chunks in HTTP/1.0', () => post('Transfer-Encoding: chunked', CHUNKS).replace('HTTP/1.1', 'HTTP/1.0')],
    ['no length in HTTP/1.0', () => post('X-A: b').replace('HTTP/1.1', 'HTTP/1.0')],
    ['the version of HTTP/2', () => post('Content-Length: 2', '{}').replace('HTTP/1.1', 'HTTP/2.0')],
    ['the wish to be the last', () => post('Connection: close\r\nContent-Length: 2', '{}')],
  ])('with %s ends the connection, and nothing after it is read', async (_what, request) => {
    const before = await smuggledMachines()
    for (const parts of [[request() + smuggled], [request(), smuggled]]) {
      expect((await exchange(server.url, ...parts)).length).toBeLessThanOrEqual(1)
    }
    expect(await smuggledMachines()).toBe(before)
  })

  it.each(['identity, chunked', 'gzip, chunked', 'deflate, chunked'])(
    'with the transfer encoding "%s", which it does not know, is refused',
    async (coding) => {
      const connection = openRaw(server.url)
      connection.write(post(`Transfer-Encoding: ${coding}`, CHUNKS))
      const [response] = await connection.responses(1)
      expect([400, 501]).toContain(response?.status)
      connection.socket.destroy()
    },
  )

  // Stops the keys of one instance from being cached for the host of another (RFC 9112 section 3.2).
  it.each([
    ['two Hosts', 'Host: 127.0.0.1\r\nHost: evil.example'],
    ['one Host twice', 'Host: 127.0.0.1\r\nHost: 127.0.0.1'],
    ['a Host that is none', 'Host: a b'],
  ])('with %s is 400', async (_what, lines) => {
    const connection = openRaw(server.url)
    connection.write(`GET /.well-known/jwks.json HTTP/1.1\r\n${lines}\r\n\r\n`)
    const [response] = await connection.responses(1)
    expect(response?.status).toBe(400)
    connection.socket.destroy()
  })

  it('says nothing of itself to those it cannot understand', async () => {
    const text = JSON.stringify(await exchange(server.url, 'GET / HTTP/9.9\r\nX: y\0z\r\n\r\n'))
    expect(text).not.toMatch(/node|mintmark|llhttp|error:| at /i)
  })
})

describe('an Authorization header', () => {
  it.each([
    ['twice', (key: string) => `Authorization: Bearer ${key}\r\nAuthorization: Bearer ${key}`],
    ['twice, first a bad one', (key: string) => `Authorization: Bearer x\r\nAuthorization: Bearer ${key}`],
    ['twice, then a bad one', (key: string) => `Authorization: Bearer ${key}\r\nauthorization: Bearer x`],
    ['with the scheme twice', (key: string) => `Authorization: Bearer Bearer ${key}`],
    ['with a tab', (key: string) => `Authorization: Bearer\t${key}`],
    ['with two spaces', (key: string) => `Authorization: Bearer  ${key}`],
    ['with a comma', (key: string) => `Authorization: Bearer ${key},`],
    ['under another name', (key: string) => `Authorization_: Bearer ${key}`],
  ])('%s opens nothing', async (_what, lines) => {
    const connection = openRaw(server.url)
    connection.write(`GET /v1/jwks HTTP/1.1\r\nHost: x\r\n${lines(server.env.CLERK_SECRET_KEY!)}\r\n\r\n`)
    const [response] = await connection.responses(1)
    expect(response?.status).toBe(401)
    connection.socket.destroy()
  })

  it('is not taken from the trailers of a body', async () => {
    const connection = openRaw(server.url)
    const trailer = `Authorization: Bearer ${server.env.CLERK_SECRET_KEY}`
    connection.write(
      'POST /v1/testing_tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n',
      `2\r\n{}\r\n0\r\n${trailer}\r\n\r\n`,
    )
    const [response] = await connection.responses(1)
    expect(response?.status).toBe(401)
    connection.socket.destroy()
  })
})

describe('a target that names a host of its own', () => {
  it.each([
    'http://evil.example/v1/machines',
    'http://127.0.0.1/v1/machines',
    '*',
    '/v1/../v1/machines',
    '//v1/machines',
    '/v1/%2e%2e/v1/machines',
  ])('is not an operation: %s', async (target) => {
    const connection = openRaw(server.url)
    connection.write(`GET ${target} HTTP/1.1\r\n${head}\r\n`)
    const [response] = await connection.responses(1)
    expect(response?.status).toBe(404)
    expect(JSON.parse(response!.body).errors[0].code).toBe('resource_not_found')
    connection.socket.destroy()
  })
})

describe('a good request with bytes after it that are none', () => {
  const good = (name: string, more = '') => {
    const body = JSON.stringify({ name })
    return `POST /v1/machines HTTP/1.1\r\n${head}${more}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const made = async (name: string) => (await api(`/v1/machines?query=${name}`)).total_count

  // Stops a refusal from standing for a request that was carried out.
  it('is not carried out, and refused with them, if they came together', async () => {
    const responses = await exchange(server.url, `${good('together')}@@@`)
    expect(responses.map(({ status }) => status)).toStrictEqual([400])
    expect(await made('together')).toBe(0)
  })

  it('has its own answer if it came before, and they have theirs', async () => {
    const connection = openRaw(server.url)
    connection.write(good('before'))
    await connection.responses(1)
    connection.write('@@@\r\n\r\n')
    expect((await connection.ended()).map(({ status }) => status)).toStrictEqual([200, 400])
    expect(await made('before')).toBe(1)
  })

  it('has its own answer, and they have none, if it said that it was the last', async () => {
    const responses = await exchange(server.url, good('last', 'Connection: close\r\n') + smuggled)
    expect(responses.map(({ status }) => status)).toStrictEqual([200])
    expect(await made('last')).toBe(1)
    expect(await made(NAME)).toBe(0)
  })
})
