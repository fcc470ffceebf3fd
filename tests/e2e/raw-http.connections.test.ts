/** How many requests a connection carries, and in which order: HTTP/1.0 and pipelines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'
import { exchange, openRaw } from './raw-socket.ts'

let server: ServerProcess
let head: string

beforeAll(async () => {
  server = await startDev()
  head = `Host: 127.0.0.1\r\nAuthorization: Bearer ${server.env.CLERK_SECRET_KEY}\r\n`
})
afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

const get = (path: string, headers = head) => `GET ${path} HTTP/1.1\r\n${headers}\r\n`
const post = (path: string, body: string, headers = head) =>
  `POST ${path} HTTP/1.1\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const LAST = 'Connection: close\r\n'

describe('HTTP/1.0', () => {
  it('is answered, also without Host, and the connection ends', async () => {
    const [response, ...others] = await exchange(server.url, 'GET /health/live HTTP/1.0\r\n\r\n')
    expect(response).toMatchObject({
      status: 200,
      headers: { connection: 'close' },
      body: '{"status":"live"}',
    })
    expect(others).toStrictEqual([])
  })

  it('keeps a connection that the client wants kept', async () => {
    const connection = openRaw(server.url)
    connection.write(`GET /v1/jwks HTTP/1.0\r\n${head}Connection: keep-alive\r\n\r\n`)
    const [first] = await connection.responses(1)
    expect(first).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } })
    connection.write(`GET /health/live HTTP/1.0\r\n\r\n`)
    expect((await connection.ended()).map(({ status }) => status)).toStrictEqual([200, 200])
  })

  it('needs a length for a body: what follows without one is not read', async () => {
    const request = `POST /v1/machines HTTP/1.0\r\n${head}\r\n{"name":"unread"}`
    const [response] = await exchange(server.url, request)
    expect([400, 422]).toContain(response?.status)
    const found = await exchange(server.url, get('/v1/machines?query=unread', head + LAST))
    expect(JSON.parse(found[0]!.body).total_count).toBe(0)
  })
})

describe('a pipeline', () => {
  it('is answered in its order, whatever takes longer', async () => {
    const responses = await exchange(
      server.url,
      post('/v1/machines', '{"name":"first"}'),
      get('/v1/nowhere'),
      get('/health/live'),
      post('/v1/machines', '{"name":'),
      post('/v1/testing_tokens', ''),
      get('/v1/jwks', head + LAST),
    )
    expect(responses.map(({ status }) => status)).toStrictEqual([200, 404, 200, 400, 200, 200])
    expect(JSON.parse(responses[0]!.body).name).toBe('first')
    expect(JSON.parse(responses[5]!.body).keys).toHaveLength(1)
  })

  // Stops the body of one request from being run as a request: Node reads anew after what came with an upgrade.
  it('ends with an upgrade, which is answered as if it were none', async () => {
    const body = post('/v1/machines', '{"name":"smuggled"}')
    const open = post('/v1/m2m_tokens/verify', body).slice(0, -body.length)
    for (const protocol of ['websocket', 'h2c']) {
      const upgrade = get('/health/live', `${head}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`)
      const responses = await exchange(server.url, upgrade + open, body)
      expect(responses.map(({ status, headers }) => [status, headers.connection])).toStrictEqual([
        [200, 'close'],
      ])
    }
    const found = await exchange(server.url, get('/v1/machines?query=smuggled', head + LAST))
    expect(JSON.parse(found[0]!.body).total_count).toBe(0)
  })

  it('of a hundred is answered a hundred times', async () => {
    const requests = Array.from({ length: 100 }, () => get('/health/live'))
    const responses = await exchange(server.url, requests.join(''), get('/health/live', head + LAST))
    expect(responses.map(({ status }) => status)).toStrictEqual(Array(101).fill(200))
    expect(new Set(responses.map(({ headers }) => headers['clerk-trace-id'])).size).toBe(101)
  })

  it('keeps its pace over answers without a body', async () => {
    const { headers } = await fetch(`${server.url}/.well-known/jwks.json`)
    const known = `${head}If-None-Match: ${headers.get('etag')}\r\n`
    const responses = await exchange(
      server.url,
      `HEAD /v1/jwks HTTP/1.1\r\n${head}\r\n`,
      get('/.well-known/jwks.json', known),
      get('/health/live', head + LAST),
    )
    expect(responses.map(({ status, body }) => [status, body])).toStrictEqual([
      [200, ''],
      [304, ''],
      [200, '{"status":"live"}'],
    ])
  })

  // Stops a body that nobody read from being taken for the next request.
  it.each([
    [
      'of a GET',
      (body: string) =>
        `GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      200,
    ],
    ['of a request without a key', (body: string) => post('/v1/machines', body, 'Host: x\r\n'), 401],
    ['of a request to nowhere', (body: string) => post('/v1/nowhere', body), 404],
    [
      'of a request with another type',
      (body: string) => post('/v1/machines', body, `${head}Content-Encoding: gzip\r\n`),
      415,
    ],
  ])('does not find a request in the body %s', async (_what, request, status) => {
    const responses = await exchange(
      server.url,
      request(post('/v1/machines', '{"name":"unread"}')),
      get('/v1/machines?query=unread', head + LAST),
    )
    expect(responses.map((response) => response.status)).toStrictEqual([status, 200])
    expect(JSON.parse(responses[1]!.body).total_count).toBe(0)
  })

  it('reads a request that comes byte by byte', async () => {
    const connection = openRaw(server.url)
    for (const byte of post('/v1/machines', '{"name":"slowly"}', head + LAST)) {
      connection.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [response] = await connection.ended()
    expect([response?.status, JSON.parse(response!.body).name]).toStrictEqual([200, 'slowly'])
  })

  it('is not asked for a body twice by a client that waits for leave to send it', async () => {
    const connection = openRaw(server.url)
    const body = '{"name":"expected"}'
    connection.write(
      post('/v1/machines', body, `${head}Expect: 100-continue\r\n${LAST}`).slice(0, -body.length),
    )
    expect((await connection.responses(1)).map(({ status }) => status)).toStrictEqual([100])
    connection.write(body)
    expect((await connection.ended()).map(({ status }) => status)).toStrictEqual([100, 200])
  })
})
