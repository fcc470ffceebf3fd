/** What a connection may cost: limits on the size and the time of headers and bodies. */
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

describe('a header that is too long', () => {
  const TOO_LONG: readonly [what: string, request: (kilobytes: number) => string][] = [
    ['one', (kilobytes) => get('/v1/jwks', `${head}X-A: ${'a'.repeat(kilobytes * 1024)}\r\n`)],
    [
      'a key',
      (kilobytes) => get('/v1/jwks', `Authorization: Bearer ${'a'.repeat(kilobytes * 1024)}\r\nHost: x\r\n`),
    ],
    ['a target', (kilobytes) => get(`/${'a'.repeat(kilobytes * 1024)}`)],
    ['many short ones', (kilobytes) => get('/v1/jwks', head + 'X-A: a\r\n'.repeat(kilobytes * 128))],
  ]

  it.each(TOO_LONG)('of 20 kB is 431 and ends the connection: %s', async (_what, request) => {
    const responses = await exchange(server.url, request(20))
    expect(responses).toHaveLength(1)
    expect(responses[0]).toMatchObject({ status: 431, headers: { connection: 'close' } })
    expect(JSON.parse(responses[0]!.body)).toMatchObject({ errors: [{ code: 'bad_request' }] })
  })

  it.each(TOO_LONG)(
    'of 64 kB ends the connection, and nothing after it is read: %s',
    async (_what, request) => {
      const responses = await exchange(server.url, request(64), get('/health/live'))
      // The connection may be reset while the client still sends, and the answer be lost with it.
      expect(responses.map(({ status }) => status)).toStrictEqual(responses.length === 0 ? [] : [431])
    },
  )

  it('that never ends is not read to the end', async () => {
    const connection = openRaw(server.url)
    connection.write('GET /v1/jwks HTTP/1.1\r\nX-A: ')
    const piece = 'a'.repeat(65_536)
    for (let index = 0; index < 1_000 && !connection.socket.destroyed; index++) {
      if (!connection.socket.write(piece)) await new Promise((resolve) => setImmediate(resolve))
    }
    const [response] = await connection.ended()
    expect(response?.status ?? 431).toBe(431)
  })
})

describe.concurrent('a client that is too slow', () => {
  it('with its headers is cut off, and holds nobody else up', async () => {
    const slow = openRaw(server.url)
    slow.write('GET /v1/jwks HTTP/1.1\r\nHost: x\r\n')
    const timer = setInterval(() => slow.socket.write('X-A: a\r\n'), 500)
    const others = await Promise.all(Array.from({ length: 20 }, () => fetch(`${server.url}/health/live`)))
    expect(others.map(({ status }) => status)).toStrictEqual(Array(20).fill(200))
    const responses = await slow.ended()
    clearInterval(timer)
    expect(responses.map(({ status }) => status)).toStrictEqual([408])
  })

  it('with its body is cut off', async () => {
    const slow = openRaw(server.url)
    slow.write(`POST /v1/machines HTTP/1.1\r\n${head}Content-Length: 60000\r\n\r\n{"name":"`)
    const timer = setInterval(() => slow.socket.write('a'), 500)
    const responses = await slow.ended()
    clearInterval(timer)
    expect(responses.filter(({ status }) => status < 400)).toStrictEqual([])
  })
})

const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`
const chunked = () =>
  `POST /v1/machines HTTP/1.1\r\n${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`

describe('a body that is too long', () => {
  it('by its length is 413 before any of it is sent, and ends the connection', async () => {
    const responses = await exchange(
      server.url,
      `POST /v1/machines HTTP/1.1\r\n${head}Content-Length: 65537\r\n\r\n`,
    )
    expect(responses.map(({ status, headers }) => [status, headers.connection])).toStrictEqual([
      [413, 'close'],
    ])
    expect(JSON.parse(responses[0]!.body).errors[0].code).toBe('request_body_too_large')
  })

  it('in chunks is 413 as soon as it is, and ends the connection although it does not end', async () => {
    const responses = await exchange(server.url, chunked(), chunk(60_000), chunk(60_000))
    expect(responses.map(({ status, headers }) => [status, headers.connection])).toStrictEqual([
      [413, 'close'],
    ])
  })

  it('is told so to a client that sends all of it before it reads', async () => {
    const [piece, pieces] = ['x'.repeat(65_536), 150]
    for (const [start, each, end] of [
      [chunked(), chunk(65_536), '0\r\n\r\n'],
      [`POST /v1/machines HTTP/1.1\r\n${head}Content-Length: ${65_536 * pieces}\r\n\r\n`, piece, ''],
    ] as const) {
      const connection = openRaw(server.url)
      connection.socket.pause()
      connection.write(start)
      const sent = new Promise<void>((resolve) =>
        connection.socket.write(each.repeat(pieces) + end, () => resolve()),
      )
      await Promise.race([sent, new Promise((resolve) => connection.socket.once('close', resolve))])
      connection.socket.resume()
      expect((await connection.ended()).map(({ status }) => status)).toStrictEqual([413])
    }
  })

  // Stops one client from keeping the server reading for nothing.
  it('is not read on without end', async () => {
    const connection = openRaw(server.url)
    connection.write(chunked())
    const piece = chunk(1_048_576)
    let pieces = 0
    for (; pieces < 512 && !connection.socket.destroyed; pieces++) {
      if (!connection.socket.write(piece)) {
        await new Promise<void>((resolve) => {
          connection.socket.once('drain', resolve).once('close', resolve)
        })
      }
    }
    expect(pieces).toBeLessThan(512)
    await connection.ended()
  })

  it('is not the next request’s: what follows a 413 on its connection is not read', async () => {
    const follow = post('/v1/machines', '{"name":"after"}')
    await exchange(server.url, chunked(), chunk(70_000), '0\r\n\r\n', follow)
    const found = await exchange(server.url, get('/v1/machines?query=after', head + LAST))
    expect(JSON.parse(found[0]!.body).total_count).toBe(0)
  })

  it('of no more than 64 KiB in many chunks is read', async () => {
    const parts = Array.from({ length: 1_000 }, () => '40\r\n' + ' '.repeat(64) + '\r\n')
    const responses = await exchange(
      server.url,
      chunked().replace('Transfer', `${LAST}Transfer`),
      ...parts,
      '11\r\n{"name":"chunks"}\r\n0\r\n\r\n',
    )
    expect(responses.map(({ status }) => status)).toStrictEqual([200])
  })
})
