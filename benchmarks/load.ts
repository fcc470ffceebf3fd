/**
 * A load generator that costs as little as it can: raw keep-alive sockets, requests written as bytes made
 * beforehand, answers cut by their Content-Length. Closed loop: each connection has one request open.
 */
import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Seconds before anything is counted. */
  readonly warmUp: number
  /** The bytes of the next request. */
  readonly next: () => Buffer
  /** The status line that counts as success. */
  readonly expect: number
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly requests: number
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  let counting = false
  let done = false
  const clients = Array.from({ length: options.connections }, () =>
    runClient(options, {
      isDone: () => done,
      record(latency) {
        if (counting) latencies.push(latency)
      },
    }),
  )
  const failure = Promise.race(clients.map((client) => client.then(() => new Promise<never>(() => {}))))
  await Promise.race([failure, sleep(options.warmUp * 1000)])
  counting = true
  const started = performance.now()
  await Promise.race([failure, sleep(options.seconds * 1000)])
  const elapsed = (performance.now() - started) / 1000
  counting = false
  done = true
  await Promise.all(clients)
  latencies.sort((a, b) => a - b)
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN
  return {
    perSecond: latencies.length / elapsed,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    requests: latencies.length,
  }
}

interface Ledger {
  isDone(): boolean
  record(latencyMs: number): void
}

function runClient({ port, next, expect }: LoadOptions, ledger: Ledger): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let started = 0
    const send = () => {
      started = performance.now()
      socket.write(next())
    }
    const onAnswer = (status: number, body: string) => {
      if (status !== expect) return reject(new Error(`The server answered ${status}: ${body.slice(0, 300)}`))
      ledger.record(performance.now() - started)
      if (ledger.isDone()) {
        socket.end()
        resolve()
      } else send()
    }
    readAnswers(socket, onAnswer)
    socket.once('connect', send).once('error', reject)
  })
}

function readAnswers(socket: Socket, onAnswer: (status: number, body: string) => void): void {
  let buffered = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    buffered = buffered === '' ? chunk : buffered + chunk
    const headEnd = buffered.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(buffered.slice(0, headEnd))?.[1] ?? 0)
    const end = headEnd + 4 + length
    if (buffered.length < end) return
    const body = buffered.slice(headEnd + 4, end)
    const status = Number(buffered.slice(9, 12))
    buffered = buffered.slice(end)
    onAnswer(status, body)
  })
}

/** A request as it goes over the wire. */
export function requestBytes(path: string, key: string, body: unknown): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body)
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
