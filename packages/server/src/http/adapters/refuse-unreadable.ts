/** Answers what Node's parser refused, in the envelope of every other refusal; Node itself would send no body. */
import { randomUUID } from 'node:crypto'
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { AuthorityError } from '../../core/errors.ts'
import { STATUS_CODES } from '../../node-http.ts'
import { toErrorResponse } from '../errors.ts'

interface Refusal {
  readonly status: number
  readonly longMessage: string
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, longMessage: 'The headers are too long.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, longMessage: 'The request took too long to arrive.' },
}
const UNREADABLE: Refusal = { status: 400, longMessage: 'The request is not HTTP as this server reads it.' }

export interface Connections {
  /** The answer to the last request that has begun on a connection, also once it is sent. */
  readonly answering: Pick<WeakMap<Socket, ServerResponse>, 'get'>
  /** Connections on which no further request is begun. */
  readonly ending: Pick<WeakSet<Socket>, 'has' | 'add'>
}

/**
 * What was read before it is treated by whether it has begun: a request that has not is not begun any more,
 * so that a refusal never stands for something that had an effect; one that has is answered first.
 */
export function refuseUnreadable(server: Server, { answering, ending }: Connections): void {
  const refused = new WeakSet<Socket>()
  server.on('clientError', (error: NodeJS.ErrnoException, connection) => {
    const socket = connection as Socket
    // Bytes after a request that said it was the last are nobody's: Node closes once that is answered.
    if (error.code === 'HPE_CLOSED_CONNECTION' || refused.has(socket)) return
    refused.add(socket)
    ending.add(socket)
    const open = answering.get(socket)
    // A TLS socket without a handshake has nobody to tell, and a text for it would wait for ever.
    if (!socket.writable || isBeforeHandshake(socket)) socket.destroy()
    else if (open === undefined || open.writableFinished || !(open.req.complete || open.headersSent))
      socket.end(written(REFUSALS[error.code ?? ''] ?? UNREADABLE), () => socket.destroy())
    else {
      if (!open.headersSent) open.setHeader('Connection', 'close')
      open.once('close', () => socket.destroy())
    }
  })
}

const isBeforeHandshake = (socket: Socket): boolean =>
  socket instanceof TLSSocket && socket.getCipher()?.name === undefined

function written({ status, longMessage }: Refusal): string {
  const refusal = new AuthorityError('bad_request', { longMessage })
  const traceId = randomUUID()
  const { headers, body } = toErrorResponse(refusal, { traceId, explain: false })
  const all = {
    ...headers,
    'Clerk-Trace-Id': traceId,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body as string}`
}
