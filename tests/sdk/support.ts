/** What the SDK is tested against: an authority in this process, a script of answers, a server that misbehaves. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TestAuthority } from '../support/authority.ts'

/** A request as it was handed to `fetch`. */
export interface Sent {
  readonly method: string
  /** With its query, without the server. */
  readonly path: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Parsed, or `undefined` if there was none. */
  readonly body: unknown
}

export interface RecordingFetch {
  readonly fetch: typeof globalThis.fetch
  readonly sent: Sent[]
}

type Reply = (url: URL, init: RequestInit, attempt: number) => Promise<Response> | Response

function recordingFetch(reply: Reply): RecordingFetch {
  const sent: Sent[] = []
  return {
    sent,
    fetch: async (input, init = {}) => {
      const url = new URL(input as string)
      sent.push({
        method: init.method ?? 'GET',
        path: url.pathname + url.search,
        url: url.href,
        headers: Object.fromEntries(new Headers(init.headers)),
        body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      })
      return reply(url, init, sent.length - 1)
    },
  }
}

/** Each call of `fetch` goes through the whole edge of an authority, without a socket. */
export const authorityFetch = (to: TestAuthority): RecordingFetch =>
  recordingFetch(async ({ pathname, search }, init) => {
    const { status, headers, body } = await to.request(init.method!, pathname + search, {
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof init.body === 'string' && { body: init.body }),
    })
    return new Response(JSON.stringify(body), { status, headers })
  })

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

export const refusal = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  json(
    status,
    { errors: [{ code, message: 'short', long_message: 'In whole sentences.' }], clerk_trace_id: 'trace_1' },
    headers,
  )

export const TESTING_TOKEN = { object: 'testing_token', token: 'tt_secret', expires_at: 1_790_000_000 }

export type Answers = readonly (() => Response | Error)[]

/** The answers in turn; the last one again and again. An answer that is an error stands for a broken connection. */
export const scriptedFetch = (...answers: Answers): RecordingFetch =>
  recordingFetch((_, __, attempt) => {
    const answer = answers[Math.min(attempt, answers.length - 1)]!()
    if (answer instanceof Error) throw answer
    return answer
  })

/** A server on loopback that does with a request whatever a test wants. */
export interface MisbehavingServer {
  readonly url: string
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

export async function startServer(listener: RequestListener): Promise<MisbehavingServer> {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** What a promise is rejected with. */
export const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => {
      throw new Error('It was not rejected.')
    },
    (reason: unknown) => reason,
  )
