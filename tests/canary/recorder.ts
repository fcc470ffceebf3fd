/** Sends requests as they are, well-formed or not, and keeps everything that an answer must not show. */
import { Agent, request, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'

export interface Sent {
  readonly method: string
  readonly path: string
  /** Sent as bearer. */
  readonly key?: string
  /** Sent as JSON, or as it is if it is a string. */
  readonly body?: unknown
  /** Names and values in turn, so that one can be sent twice. */
  readonly headers?: readonly string[]
}

export interface Recorded {
  readonly status: number
  readonly body: string
  readonly cookies: readonly string[]
}

export interface Recorder {
  /** What was sent is named by `label` where its answer shows a secret. */
  send(label: string, sent: Sent): Promise<Recorded>
  /** Writes that on a connection, and reads until the server closes it. */
  sendRaw(label: string, text: string): Promise<void>
  /** Headers of all answers, but for those that are to hold a secret, and bodies of those that are errors. */
  readonly shown: { readonly label: string; readonly status: number; readonly text: string }[]
  close(): void
}

/** Where what succeeded gives a browser what it asked for: its cookies, and the page to take a ticket to. */
const MEANT_FOR_SECRETS = new Set(['set-cookie', 'location'])

/** @param url its certificate, if it has one, is of its own making; its host is this machine, whatever it is called */
export function createRecorder(url: string): Recorder {
  const { hostname, port, protocol } = new URL(url)
  const isTls = protocol === 'https:'
  const options = { keepAlive: true, maxSockets: 8 }
  const trusting = { host: '127.0.0.1', servername: hostname, rejectUnauthorized: false }
  const agent = isTls ? new TlsAgent({ ...options, ...trusting }) : new Agent(options)
  const shown: Recorder['shown'] = []
  return {
    shown,
    async send(label, { method, path, key, body, headers: more = [] }) {
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
      const bearer = key === undefined ? [] : ['authorization', `Bearer ${key}`]
      const type = more.includes('content-type') ? [] : ['content-type', 'application/json']
      const host = more.includes('host') ? [] : ['host', `${hostname}:${port}`]
      const length = ['content-length', String(Buffer.byteLength(text))]
      const sending = (isTls ? requestTls : request)({
        agent,
        port,
        ...(isTls ? trusting : { hostname }),
        method,
        path,
        headers: [...host, ...bearer, ...type, ...length, ...more],
      })
      sending.end(text)
      const [response] = (await once(sending, 'response')) as [IncomingMessage]
      const answer = Buffer.concat(await response.toArray()).toString()
      const status = response.statusCode ?? 0
      const headers = Object.entries(response.headersDistinct)
      const shownHeaders = headers.filter(([header]) => status >= 400 || !MEANT_FOR_SECRETS.has(header))
      shown.push({ label, status, text: JSON.stringify(shownHeaders) + (status < 400 ? '' : answer) })
      return { status, body: answer, cookies: response.headers['set-cookie'] ?? [] }
    },
    async sendRaw(label, text) {
      const socket = isTls ? connectTls({ port: Number(port), ...trusting }) : connect(Number(port), hostname)
      socket.setEncoding('utf8').end(text)
      let answer = ''
      socket.on('data', (part: string) => (answer += part)).on('error', () => {})
      await once(socket, 'close')
      shown.push({ label, status: 400, text: answer })
    },
    close: () => agent.destroy(),
  }
}
