/** Sends requests as they are, well-formed or not, and keeps everything that an answer must not show. */
import { Agent, request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
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

export interface Recorder {
  /** What was sent is named by `label` where its answer shows a secret. */
  send(label: string, sent: Sent): Promise<{ status: number; body: string }>
  /** Writes that on a connection, and reads until the server closes it. */
  sendRaw(label: string, text: string): Promise<void>
  /** Headers of all answers, and bodies of those that are errors. */
  readonly shown: { readonly label: string; readonly status: number; readonly text: string }[]
  close(): void
}

export function createRecorder(url: string): Recorder {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const { hostname, port } = new URL(url)
  const shown: Recorder['shown'] = []
  return {
    shown,
    async send(label, { method, path, key, body, headers = [] }) {
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
      const bearer = key === undefined ? [] : ['authorization', `Bearer ${key}`]
      const type = headers.includes('content-type') ? [] : ['content-type', 'application/json']
      const host = headers.includes('host') ? [] : ['host', `${hostname}:${port}`]
      const length = ['content-length', String(Buffer.byteLength(text))]
      const sending = request({
        agent,
        hostname,
        port,
        method,
        path,
        headers: [...host, ...bearer, ...type, ...length, ...headers],
      })
      sending.end(text)
      const [response] = (await once(sending, 'response')) as [IncomingMessage]
      const answer = Buffer.concat(await response.toArray()).toString()
      const status = response.statusCode ?? 0
      shown.push({ label, status, text: response.rawHeaders.join('\n') + (status < 400 ? '' : answer) })
      return { status, body: answer }
    },
    async sendRaw(label, text) {
      const socket = connect(Number(port), hostname)
      socket.setEncoding('utf8').end(text)
      let answer = ''
      socket.on('data', (part: string) => (answer += part)).on('error', () => {})
      await once(socket, 'close')
      shown.push({ label, status: 400, text: answer })
    },
    close: () => agent.destroy(),
  }
}
