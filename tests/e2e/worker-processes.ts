/** Starts the built server with several workers, and asks each of them. */
import { readFileSync } from 'node:fs'
import { Agent, request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServe } from '../cli/serve-process.ts'
import { startDev, type ServerProcess } from '../support/server-process.ts'

export interface StartWorkersOptions {
  readonly data: string
  readonly workers: number
  readonly flags?: readonly string[]
}

/** With the instance, the machines and the master key that `mintmark dev` has made in the folder. */
export async function startWorkers({
  data,
  workers,
  flags = [],
}: StartWorkersOptions): Promise<ServerProcess> {
  const dev = await startDev({ data })
  await dev.stop()
  const server = await startServe({ data, flags: ['--workers', String(workers), ...flags] })
  return { ...server, env: dev.env }
}

/** The processes that a process has started. */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

export function isRunning(pid: number): boolean {
  try {
    // A process that has ended and was not asked for its exit code is still listed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Waits for what will happen, or fails by the test's own time limit. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(10)
}

/** Events of the server with this message. */
export const eventsOf = (server: ServerProcess, msg: string): readonly Record<string, unknown>[] =>
  linesOf(server).filter((event) => event.msg === msg)

/** Every line is one event, whichever process wrote it. */
export const linesOf = (server: ServerProcess): readonly Record<string, unknown>[] =>
  server
    .log()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

export interface Answer {
  readonly status: number
  readonly connection: string | undefined
  readonly traceId: string
  // Tests look into answers as clients do: without knowing their type.
  // oxlint-disable-next-line typescript/no-explicit-any -- its type is what is being tested
  readonly body: any
}

export interface Client {
  issue(): Promise<Answer>
  verify(token: string): Promise<Answer>
  revoke(id: string): Promise<Answer>
  close(): void
}

/** A client with one connection that it keeps, or with a new one for each request. Nothing is asked twice. */
export function connect({ url, env }: ServerProcess, { keepAlive }: { keepAlive: boolean }): Client {
  const agent = new Agent({ keepAlive, maxSockets: keepAlive ? 1 : Infinity })
  const worker = env.CLERK_MACHINE_SECRET_KEY!
  const api = env.MINTMARK_API_MACHINE_SECRET_KEY!
  return {
    issue: () => post(agent, `${url}/v1/m2m_tokens`, worker, { token_format: 'opaque' }),
    verify: (token) => post(agent, `${url}/v1/m2m_tokens/verify`, api, { token }),
    revoke: (id) => post(agent, `${url}/v1/m2m_tokens/${id}/revoke`, worker, {}),
    close: () => agent.destroy(),
  }
}

/** Long enough for any answer, so that what takes longer is never answered. */
const NEVER_MS = 20_000

function post(agent: Agent, url: string, key: string, body: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const sending = request(url, {
      agent,
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      },
    })
    sending.setTimeout(NEVER_MS, () => sending.destroy(new Error('never answered')))
    sending.once('error', reject)
    sending.once('response', (response) => void readAnswer(response).then(resolve, reject))
    sending.end(text)
  })
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const text = Buffer.concat(await response.toArray()).toString()
  const { statusCode = 0, headers } = response
  return {
    status: statusCode,
    connection: headers.connection,
    traceId: String(headers['clerk-trace-id']),
    body: JSON.parse(text),
  }
}

export interface Load {
  readonly answered: number
  readonly failures: readonly Error[]
  stop(): Promise<void>
}

/** Clients that each ask, and ask again soon after they were answered. */
export function startLoad(clients: readonly Client[], ask: (client: Client) => Promise<Answer>): Load {
  const failures: Error[] = []
  let answered = 0
  let over = false
  const all = clients.map(async (client, index) => {
    while (!over) {
      try {
        const { status } = await ask(client)
        if (status >= 400) failures.push(new Error(`answered with ${status}`))
        answered++
      } catch (error) {
        failures.push(error as Error)
      }
      // Each in a rhythm of its own, so that idle connections are met at any moment.
      await sleep(index % 9)
    }
  })
  return {
    get answered() {
      return answered
    },
    failures,
    async stop() {
      over = true
      await Promise.all(all)
      clients.forEach((client) => client.close())
    },
  }
}
