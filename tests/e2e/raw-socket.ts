/** HTTP by hand: bytes go out as they are written, and what comes back is read as a client would read it. */
import { connect, type Socket } from 'node:net'

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface RawConnection {
  readonly socket: Socket
  /** Everything that was received until now. */
  received(): string
  write(...parts: readonly (string | Uint8Array)[]): void
  /** Fulfilled once this many whole responses were received, or the connection ended. */
  responses(count: number): Promise<readonly RawResponse[]>
  /** Fulfilled with every response once the server has ended the connection. */
  ended(): Promise<readonly RawResponse[]>
}

export function openRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url)
  // Half-open: a server that ends its side has still to be seen doing so.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
  let text = ''
  let over = false
  const waiting = new Set<() => void>()
  const wake = () => waiting.forEach((each) => each())
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
    wake()
  })
  const end = () => {
    over = true
    socket.destroy()
    wake()
  }
  // A server that closes with unread input resets the connection: that is an end like any other.
  socket.on('end', end).on('error', end).on('close', end)

  const until = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!done()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })

  return {
    socket,
    received: () => text,
    write(...parts) {
      for (const part of parts) socket.write(part, 'latin1')
    },
    async responses(count) {
      await until(() => over || parseResponses(text).length >= count)
      return parseResponses(text)
    },
    async ended() {
      await until(() => over)
      return parseResponses(text)
    },
  }
}

/** Sends bytes on a connection of their own, and reads until the server ends it. */
export async function exchange(url: string, ...parts: readonly (string | Uint8Array)[]) {
  const connection = openRaw(url)
  connection.write(...parts)
  return connection.ended()
}

/** The whole responses in a stream; what is left of it is not one yet. */
function parseResponses(stream: string): readonly RawResponse[] {
  const responses: RawResponse[] = []
  let rest = stream
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return responses
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const read = readBody(rest.slice(end + 4), headers)
    if (read === null) return responses
    responses.push({ status: Number(statusLine.split(' ')[1]), headers, body: read.body })
    rest = rest.slice(end + 4 + read.length)
  }
}

/** `null` if it is not whole yet. */
function readBody(
  rest: string,
  headers: Readonly<Record<string, string>>,
): { readonly body: string; readonly length: number } | null {
  if (headers['transfer-encoding'] !== 'chunked') {
    const length = Number(headers['content-length'] ?? 0)
    return rest.length < length ? null : { body: rest.slice(0, length), length }
  }
  let body = ''
  for (let at = 0; ;) {
    const line = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, line), 16)
    if (line < 0 || rest.length < line + 2 + size + 2) return null
    body += rest.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (size === 0) return { body, length: at }
  }
}
