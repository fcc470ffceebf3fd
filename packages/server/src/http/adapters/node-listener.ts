/** Puts the handler on `node:http`, with limits on what a connection may cost. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { AuthorityError } from '../../core/errors.ts'
import { createServer } from '../../node-http.ts'
import { toErrorResponse } from '../errors.ts'
import { BODY_LIMIT, type HttpRequest, type HttpResponse } from '../exchange.ts'
import type { Handler } from '../handler.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { refuseUnreadable } from './refuse-unreadable.ts'

export interface ListenerOptions {
  /** Who sent it, where the connection comes from a proxy. */
  readonly addressOf: (request: IncomingMessage) => string | null
  /** In PEM; absent for plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

/** A client that is slower than this with its headers or its whole request is cut off. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
/** Longer than load balancers keep a connection, so that they close it and not we. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000
/** A client that does not read its answer for this long is cut off. */
const STALLED_TIMEOUT_MS = 20_000

export function createListener(handler: Handler, { addressOf, tls }: ListenerOptions): Server {
  const ending = new WeakSet<Socket>()
  const answering = new WeakMap<Socket, ServerResponse>()
  const inTurn = oneAtATime()
  // Both take the same options, and what comes of both is a server of `node:http`.
  const create = tls === undefined ? createServer : (createTlsServer as unknown as typeof createServer)
  const server = create(
    {
      ...(tls !== undefined && {
        cert: tls.certificate,
        key: tls.key,
        minVersion: 'TLSv1.2' as const,
        handshakeTimeout: HEADERS_TIMEOUT_MS,
      }),
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: 2_000,
      noDelay: true,
      // Node would refuse that request and go on to the next one of the connection; `isAmbiguous` does not.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      inTurn(incoming.socket, outgoing, () => {
        // What follows on a connection that is to end might be the rest of a request and not one of its own.
        if (ending.has(incoming.socket)) return
        answering.set(incoming.socket, outgoing)
        // Node takes no upgrade, but throws away what came along with one: then nothing that follows can be trusted.
        if (valueOf(incoming.rawHeaders, 'upgrade') !== null) outgoing.setHeader('Connection', 'close')
        if (outgoing.hasHeader('Connection')) ending.add(incoming.socket)
        if (isAmbiguous(incoming)) {
          ending.add(incoming.socket)
          refuseAmbiguous(outgoing)
          return
        }
        const request = toRequest(incoming, addressOf(incoming))
        // The handler turns everything it can foresee into a response; what is left is a bug in the edge itself.
        handler(request).then(
          ({ status, headers, body }) => {
            if (headers.Connection === 'close') ending.add(incoming.socket)
            respond(outgoing, status, headers, body)
          },
          () => outgoing.destroy(),
        )
      })
    },
  )
  refuseUnreadable(server, { answering, ending })
  if (tls !== undefined) closeUnfinishedHandshakes(server)
  server.timeout = STALLED_TIMEOUT_MS
  server.maxConnections = 20_000
  return server
}

/** `closeAllConnections` knows those that have spoken HTTP; one that has not even greeted would keep a server from ending. */
function closeUnfinishedHandshakes(server: Server): void {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  const closeKnown = server.closeAllConnections.bind(server)
  server.closeAllConnections = () => {
    closeKnown()
    for (const socket of open) socket.destroy()
  }
}

function respond(
  outgoing: ServerResponse,
  status: number,
  headers: HttpResponse['headers'],
  body: string | Uint8Array,
): void {
  if (status !== 304 && outgoing.req.method !== 'HEAD') {
    headers = { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }
  }
  outgoing.writeHead(status, headers)
  if (outgoing.req.complete || headers.Connection !== 'close') outgoing.end(body)
  else endLater(outgoing, body)
}

/** How long, and how much, a client may go on sending what is not wanted. */
const LINGER_MS = 2_000
const LINGER_BYTES = 16 * 1024 * 1024

/**
 * Answers at once and closes when the client has stopped sending. To close at once would reset the
 * connection, and a client that is still sending would see that and not the answer.
 */
function endLater(outgoing: ServerResponse, body: string | Uint8Array): void {
  const incoming = outgoing.req
  let discarded = 0
  const end = () => {
    clearTimeout(timer)
    outgoing.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  incoming.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > LINGER_BYTES) end()
  })
  incoming.once('end', end).once('close', end).resume()
  outgoing.write(body)
}

/**
 * Could another program on the way here have seen other requests than we do (RFC 9112 sections 3.2 and
 * 6.1)? Node's parser refuses most of what could; this is the rest.
 */
function isAmbiguous(incoming: IncomingMessage): boolean {
  const { rawHeaders } = incoming
  const host = valueOf(rawHeaders, 'host')
  const encoding = valueOf(rawHeaders, 'transfer-encoding')
  if (host === null && incoming.httpVersion === '1.1') return true
  if (isRepeated(rawHeaders, 'host') || (host !== null && !/^[\w.:[\]-]*$/.test(host))) return true
  return encoding !== null && (encoding.toLowerCase() !== 'chunked' || incoming.httpVersion !== '1.1')
}

function refuseAmbiguous(outgoing: ServerResponse): void {
  const refusal = new AuthorityError('bad_request', {
    longMessage: 'The headers can be read in more than one way.',
  })
  const { status, headers, body } = toErrorResponse(refusal, { traceId: randomUUID(), explain: false })
  respond(outgoing, status, { ...headers, Connection: 'close' }, body)
}

function toRequest(incoming: IncomingMessage, address: string | null): HttpRequest {
  const target = incoming.url ?? '/'
  const question = target.indexOf('?')
  return {
    method: incoming.method ?? 'GET',
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? '' : target.slice(question + 1),
    header: (name) => valueOf(incoming.rawHeaders, name),
    repeated: (name) => isRepeated(incoming.rawHeaders, name),
    isComplete: () => incoming.complete,
    body: () => readBody(incoming),
    address,
  }
}

/**
 * Where a header's name stands in a list of names and values; far out of it if it does not. Node's own
 * object of headers keeps the first of two such headers and says nothing, and makes all of them for one.
 */
function findHeader(rawHeaders: readonly string[], name: string, from: number): number {
  for (let index = from; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index]!
    if (header.length === name.length && header.toLowerCase() === name) return index
  }
  return -2
}

const valueOf = (rawHeaders: readonly string[], name: string): string | null =>
  rawHeaders[findHeader(rawHeaders, name, 0) + 1] ?? null

function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  const first = findHeader(rawHeaders, name, 0)
  return first >= 0 && findHeader(rawHeaders, name, first + 2) >= 0
}

const NOTHING = Buffer.alloc(0)

function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const tooLarge = () => new AuthorityError('request_body_too_large')
  if (Number(valueOf(incoming.rawHeaders, 'content-length') ?? 0) > BODY_LIMIT)
    return Promise.reject(tooLarge())
  if (incoming.complete) {
    // All of it came with the headers. To take it at once costs a third of waiting for its events.
    const bytes = (incoming.read() as Buffer | null) ?? NOTHING
    return bytes.length > BODY_LIMIT ? Promise.reject(tooLarge()) : Promise.resolve(bytes)
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > BODY_LIMIT) {
        incoming.removeAllListeners('data').pause()
        reject(tooLarge())
      } else chunks.push(chunk)
    })
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    incoming.on('error', () =>
      reject(new AuthorityError('request_body_invalid', { longMessage: 'The request body was cut off.' })),
    )
  })
}
