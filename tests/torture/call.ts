/** One request to one node, by a client that gives up after a while. */
import { Agent, request } from 'node:http'

/** How often a node is asked what it must know in the end. It only ends what hangs. */
export const LAST_TRIES = 120

export interface Reply {
  readonly status: number
  // Tests look into answers as clients do: without knowing their type.
  // oxlint-disable-next-line typescript/no-explicit-any -- its type is what is being tested
  readonly body: any
}

export interface Asked {
  readonly url: string
  readonly path: string
  readonly key: string
  readonly body: object
  readonly idempotencyKey?: string
  /** Milliseconds after which it is given up. */
  readonly patience?: number
}

const PATIENCE_MS = 6_000
const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'lifo' })

/** @returns `null` if there was no whole answer: it may have been done or not, then or later */
export const post = ({ url, path, key, body, idempotencyKey, patience }: Asked): Promise<Reply | null> =>
  send(url + path, JSON.stringify(body), patience ?? PATIENCE_MS, {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
  })

/** As a page of that frontend posts a form. @returns as `post` */
export const postForm = (
  url: string,
  frontendHost: string,
  fields: Record<string, string>,
): Promise<Reply | null> =>
  send(url, new URLSearchParams(fields).toString(), PATIENCE_MS, {
    host: frontendHost,
    origin: `https://${frontendHost}`,
    'content-type': 'application/x-www-form-urlencoded',
  })

function send(
  url: string,
  text: string,
  patience: number,
  headers: Record<string, string>,
): Promise<Reply | null> {
  return new Promise((resolve) => {
    const sending = request(url, {
      method: 'POST',
      agent,
      signal: AbortSignal.timeout(patience),
      headers: { ...headers, 'content-length': Buffer.byteLength(text) },
    })
    const giveUp = () => resolve(null)
    sending.once('error', giveUp)
    sending.once('response', (response) => {
      let received = ''
      response.setEncoding('utf8')
      response.on('data', (more: string) => (received += more))
      response.once('error', giveUp)
      response.once('close', giveUp)
      response.once('end', () => resolve(read(response.statusCode!, received)))
    })
    sending.end(text)
  })
}

function read(status: number, text: string): Reply | null {
  try {
    return { status, body: JSON.parse(text) }
  } catch {
    return null
  }
}
