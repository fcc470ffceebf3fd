/** Answers what Node's parser refused, in the envelope of every other refusal; Node itself would send no body. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AuthorityError } from '../../core/errors.ts'
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

/** @param answering the answer that is under way on a connection, if there is one */
export function refuseUnreadable(
  server: Server,
  answering: (socket: Socket) => ServerResponse | undefined,
): void {
  server.on('clientError', (error: NodeJS.ErrnoException, connection) => {
    const socket = connection as Socket
    // In the middle of another answer, it would be read as a part of that.
    if (!socket.writable || answering(socket)?.headersSent === true) socket.destroy()
    else socket.end(written(REFUSALS[error.code ?? ''] ?? UNREADABLE), () => socket.destroy())
  })
}

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
