/** Several servers as processes of their own, each on its own port, that can be killed, paused and started again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startServe } from '../cli/serve-process.ts'
import { findFreePort } from '../support/free-port.ts'
import { removeFolder, temporaryFolder, type ServerProcess } from '../support/server-process.ts'

export interface ServerNode {
  readonly name: string
  /** The same for as long as the node exists. */
  readonly url: string
  /** Where browsers would ask it. */
  readonly frontendUrl: string
  /** Its own folder; it keeps its database there, unless its environment names one that is elsewhere. */
  readonly data: string
  running(): boolean
  /** Everything that it wrote on stderr, in all its lives. */
  log(): string
  /** Ends it without notice. */
  kill9(): Promise<void>
  /** Stops it where it is; its connections stay. */
  pause(): void
  resume(): void
  /** Tells it to end, also when it is paused. @returns its exit code, or the signal that ended it */
  stop(): Promise<number | NodeJS.Signals | null>
  /** Starts it again on the same port. @returns when it is ready */
  start(): Promise<void>
}

/** It only ends what hangs. */
const LONGEST_START_MS = 60_000

/**
 * @param environment of each server, by its place, such as MINTMARK_MASTER_KEY; nothing else of this process is given
 * @returns when all are ready
 */
export async function startNodes(
  count: number,
  environment: (place: number) => Record<string, string>,
): Promise<ServerNode[]> {
  const starting = Array.from({ length: count }, (_, place) => startNode(`node${place}`, environment(place)))
  const started = await Promise.allSettled(starting)
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = started.find((one) => one.status === 'rejected')
  if (failed === undefined) return nodes
  await removeNodes(nodes)
  throw failed.reason
}

/** Kills them, and removes their folders. */
export async function removeNodes(nodes: readonly ServerNode[]): Promise<void> {
  for (const node of nodes) {
    await node.kill9()
    removeFolder(node.data)
  }
}

async function startNode(name: string, environment: Record<string, string>): Promise<ServerNode> {
  const data = temporaryFolder()
  const [port, frontendPort] = [String(await findFreePort()), await findFreePort()]
  const frontend = ['--frontend-port', String(frontendPort), '--sign-in-limit', '0']
  const serve = async () => {
    const server = await startServe({ data, environment, flags: ['--port', port, ...frontend] })
    await untilReady(server)
    return server
  }
  let server = await serve().catch((error: unknown) => {
    removeFolder(data)
    throw error
  })
  let earlierLog = ''
  const { url } = server
  return {
    name,
    url,
    frontendUrl: `http://127.0.0.1:${frontendPort}`,
    data,
    running: () => isRunning(server),
    log: () => earlierLog + server.log(),
    async kill9() {
      await server.stop('SIGKILL')
    },
    pause: () => void server.child.kill('SIGSTOP'),
    resume: () => void server.child.kill('SIGCONT'),
    stop() {
      const ended = server.stop('SIGTERM')
      server.child.kill('SIGCONT')
      return ended
    },
    async start() {
      if (isRunning(server)) throw new Error(`${name} runs already.`)
      earlierLog += server.log()
      server = await serve()
    },
  }
}

const isRunning = ({ child }: ServerProcess): boolean => child.exitCode === null && child.signalCode === null

async function untilReady(server: ServerProcess): Promise<void> {
  const deadline = Date.now() + LONGEST_START_MS
  while (isRunning(server) && Date.now() < deadline) {
    const response = await fetch(`${server.url}/health/ready`).catch(() => null)
    await response?.arrayBuffer()
    if (response?.ok === true) return
    await sleep(10)
  }
  await server.stop('SIGKILL')
  throw new Error(`A server did not become ready:\n${server.log()}`)
}
