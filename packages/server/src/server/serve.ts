/** The composition root of a server: everything that listens, counts and stops. `dev` and `serve` both call it, and so do tests. */
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import type { Logger } from 'pino'
import type { Authority } from '../authority.ts'
import { AuthorityError } from '../core/errors.ts'
import { createHandler } from '../http/handler.ts'
import { createListener } from '../http/adapters/node-listener.ts'
import type { RequestObserver } from '../http/request-event.ts'
import { createAddressOf } from './client-address.ts'
import { composeAuthority } from './compose.ts'
import { ConfigError } from './config.ts'
import { forgetLocalUrl, lockDataFolder, makeDataFolder, writeAddress } from './data-folder.ts'
import { drain, trackRequests } from './drain.ts'
import type { MasterKeys } from './key-ring.ts'
import { createMetrics, createMetricsListener, logRequests } from './observe.ts'
import { publishKeys } from './published-keys.ts'
import type { Config } from './settings.ts'

export interface RunningServer {
  readonly url: string
  readonly metricsUrl: string | null
  readonly authority: Authority
  /** Not ready from now on; open requests finish, ten seconds at most; what was noted is written. */
  stop(): Promise<void>
}

export interface ServeOptions {
  readonly log: Logger
  /** Where the events of requests go, each a line of JSON. */
  readonly writeLine: (line: string) => void
  readonly masterKeys: MasterKeys
  /** What has to be there before the first request is answered. */
  readonly prepare?: (authority: Authority) => Promise<void>
  /** Called once if the server cannot go on: it should be stopped and the process ended. */
  readonly onFatal: (error: Error) => void
}

interface Closable {
  close(): Promise<void> | void
}

/** @throws {ConfigError} or {StorageError} if it cannot start; then nothing is left open */
export async function serve(config: Config, options: ServeOptions): Promise<RunningServer> {
  const { log, writeLine, masterKeys, prepare, onFatal } = options
  const { listener, requests, answerWith } = openListener(config)
  makeDataFolder(config.data)
  const lock = lockDataFolder(config.data)
  const opened: Closable[] = [{ close: () => lock.release() }]
  const closeAll = async () => {
    for (const each of opened.reverse()) await each.close()
  }
  try {
    // The port is taken first: with port 0, the URL that tokens carry is known only then.
    const url = urlOf(await listen(listener, config.host, config.port))
    opened.push({ close: () => closeListener(listener) })
    const publicUrl = config.publicUrl ?? url + config.basePath
    const authority = await composeAuthority(config, { masterKeys, publicUrl, onFatal })
    opened.push({ close: () => authority.storage.close() })
    await prepare?.(authority)
    const publishedKeys = await publishKeys(authority)
    opened.push({ close: () => publishedKeys.stop() })

    const metrics = createMetrics()
    let ready = true
    answerWith(
      createHandler(authority, {
        publishedKeys,
        rateLimit: config.rateLimit,
        basePath: config.basePath,
        observe: both(metrics.observe, logRequests(log, writeLine)),
        checkReady: () => checkReady(authority, ready),
      }),
    )
    const metricsUrl = await openMetrics(config, metrics, opened)
    writeAddress(config.data, { url: publicUrl, localUrl: url + config.basePath })

    return {
      url,
      metricsUrl,
      authority,
      async stop() {
        ready = false
        forgetIfPossible(config.data)
        await drain(listener, requests, config.shutdownDelay * 1000)
        await closeListener(listener)
        await closeAll()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** The next start does it too, so a disk that failed is no reason not to stop as a server should. */
function forgetIfPossible(folder: string): void {
  try {
    forgetLocalUrl(folder)
  } catch {
    // Without the lock nobody looks at it.
  }
}

type Handler = ReturnType<typeof createHandler>

/** A listener that is told later who answers; until then it refuses. */
function openListener({ trustedProxies }: Config): {
  readonly listener: Server
  readonly requests: ReturnType<typeof trackRequests>
  readonly answerWith: (handler: Handler) => void
} {
  let answering: Handler = () => Promise.reject(new Error('not composed yet'))
  const addressOf = createAddressOf(trustedProxies)
  const listener = createListener((request) => answering(request), { addressOf })
  return { listener, requests: trackRequests(listener), answerWith: (handler) => (answering = handler) }
}

const both =
  (one: RequestObserver, other: RequestObserver): RequestObserver =>
  (event, fault) => {
    one(event, fault)
    other(event, fault)
  }

/** @throws {AuthorityError} `service_unavailable` if requests should go elsewhere */
async function checkReady({ storage }: Authority, ready: boolean): Promise<void> {
  if (!ready)
    throw new AuthorityError('service_unavailable', {
      longMessage: 'The server is stopping.',
      retryAfter: 1,
    })
  await storage.check()
}

/** @returns where the metrics are, `null` if nobody asked for them */
async function openMetrics(
  { metricsHost, metricsPort }: Config,
  { registry }: ReturnType<typeof createMetrics>,
  opened: Closable[],
): Promise<string | null> {
  if (metricsPort === null) return null
  const listener = createMetricsListener(registry)
  const url = urlOf(await listen(listener, metricsHost, metricsPort))
  opened.push({ close: () => closeListener(listener) })
  return `${url}/metrics`
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'another program listens there; --port 0 takes any port that is free'
          : (error.code ?? 'it cannot be opened')
      reject(new ConfigError(`Cannot listen on ${host} port ${port}: ${why}.`, { cause: error }))
    })
    server.listen(port, host, () => resolve(server.address() as AddressInfo))
  })
}

function closeListener(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

const urlOf = ({ address, port, family }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`
