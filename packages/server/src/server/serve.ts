/** The composition root of a server: everything that listens, counts and stops. `dev` and `serve` both call it, and so do tests. */
import type { Server } from 'node:http'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Authority } from '../authority.ts'
import { AuthorityError } from '../core/errors.ts'
import { createHandler } from '../http/handler.ts'
import { createListener } from '../http/adapters/node-listener.ts'
import type { StorageHealth } from '../storage/storage.ts'
import type { RequestObserver } from '../http/request-event.ts'
import { createAddressOf } from './client-address.ts'
import { composeAuthority } from './compose.ts'
import { forgetLocalUrlIfPossible, takeDataFolder, writeAddress } from './data-folder.ts'
import { drain, retire, trackRequests } from './drain.ts'
import { createFrontendListener, frontendHandler, type FrontendListener } from './frontend/frontend.ts'
import type { MasterKeys } from './key-ring.ts'
import { closeListener, listen } from './listen.ts'
import { createMetrics, createMetricsListener, logRequests, logTrouble } from './observe.ts'
import { publishKeys } from './published-keys.ts'
import type { Config } from './settings.ts'

export interface RunningServer {
  readonly url: string
  readonly metricsUrl: string | null
  /** Where browsers find the frontend, if there is one and that is known. */
  readonly frontendUrl: string | null
  /** False for one that nobody can use yet. */
  readonly hasInstance: boolean
  readonly registry: Registry
  readonly authority: Authority
  /** Takes no new connection; fulfilled when those it has are over. It has to be stopped then. */
  retire(): Promise<void>
  /**
   * Not ready from now on; open requests finish, ten seconds at most; what was noted is written.
   *
   * @param delay seconds to go on serving before that; else what the configuration says
   */
  stop(delay?: number): Promise<void>
}

export interface ServeOptions {
  readonly log: Logger
  /** Where the events of requests go, each a line of JSON. */
  readonly writeLine: (line: string) => void
  readonly masterKeys: MasterKeys
  /** What has to be there before the first request is answered. */
  readonly prepare?: (authority: Authority) => Promise<void>
  /** Make a certificate for the frontend where there is none. */
  readonly forDevelopment?: true
  /** Called once if the server cannot go on: it should be stopped and the process ended. */
  readonly onFatal: (error: Error) => void
  /** In one of several processes. The data folder, its lock and the metrics' listener are then the supervisor's. */
  readonly worker?: {
    readonly pid: number
    /** Where it is to listen. Others may answer there already. */
    readonly url: string
  }
}

/** @throws {ConfigError} or {StorageError} if it cannot start; then nothing is left open */
export async function serve(config: Config, options: ServeOptions): Promise<RunningServer> {
  const listening = openListener(config)
  const opened = new AsyncDisposableStack()
  if (options.worker === undefined) {
    const lock = takeDataFolder(config.data)
    opened.defer(() => lock.release())
  }
  return open(config, options, listening, opened)
}

/** @param opened what is to be closed after all that this opens, and also if it cannot */
async function open(
  config: Config,
  options: ServeOptions,
  { listener, requests, answerWith }: ReturnType<typeof openListener>,
  opened: AsyncDisposableStack,
): Promise<RunningServer> {
  const { worker = null } = options
  try {
    const frontend = await createFrontendListener(config, options.forDevelopment === true)
    const listeners = [{ listener, requests }, ...(frontend === null ? [] : [frontend])]
    const startListening = () => startBoth(config, listener, frontend, opened)
    // The port is taken first: with port 0, the URL that tokens carry is known only then. But a worker takes
    // it last: connections that others could serve would come to one that cannot answer yet.
    const url = worker?.url ?? (await startListening())
    const localUrl = url + config.basePath
    const publicUrl = config.publicUrl ?? localUrl
    const frontendUrl = frontend === null ? config.frontendUrl : frontend.url()
    const authority = await openAuthority(config, options, { publicUrl, frontendUrl })
    opened.defer(() => authority.storage.close())
    await options.prepare?.(authority)
    const answering = await answerFor(authority, config, options, { opened, frontend })
    const { registry, handler, hasInstance, unready } = answering
    answerWith(handler)
    if (worker !== null) await startListening()
    const metricsUrl = worker === null ? await openMetrics(config, registry, opened) : null
    if (worker === null) writeAddress(config.data, { url: publicUrl, localUrl, frontendUrl })

    const retireAll = () => Promise.all(listeners.map((each) => retire(each.listener, each.requests)))
    return {
      url,
      metricsUrl,
      frontendUrl,
      hasInstance,
      registry,
      authority,
      retire: async () => void (await retireAll()),
      async stop(delay = config.shutdownDelay) {
        unready()
        if (worker === null) forgetLocalUrlIfPossible(config.data)
        await Promise.all(listeners.map(({ requests }) => drain(requests, delay * 1000)))
        await opened.disposeAsync()
      },
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

function openAuthority(
  config: Config,
  { masterKeys, onFatal, log }: ServeOptions,
  urls: { readonly publicUrl: string; readonly frontendUrl: string | null },
): Promise<Authority> {
  warnOfIssuer(config, log, urls.publicUrl)
  const onTrouble = (error: unknown) => logTrouble(log, error)
  return composeAuthority(config, { masterKeys, ...urls, onFatal, onTrouble })
}

/** @returns the URL of the first */
async function startBoth(
  { host, port }: Config,
  listener: Server,
  frontend: FrontendListener | null,
  opened: AsyncDisposableStack,
): Promise<string> {
  const url = await listen(listener, host, port)
  opened.defer(() => closeListener(listener))
  await frontend?.start(opened)
  return url
}

/** Each node would name itself as the issuer, and the JWTs of one would not be those of another. */
function warnOfIssuer({ databaseUrl, publicUrl }: Config, log: Logger, own: string): void {
  if (databaseUrl === null || publicUrl !== null) return
  log.warn(
    { issuer: own },
    'publicUrl is not set: this node issues JWTs in its own name, which others may not',
  )
}

async function answerFor(
  authority: Authority,
  config: Config,
  { log, writeLine, worker }: ServeOptions,
  { opened, frontend }: { readonly opened: AsyncDisposableStack; readonly frontend: FrontendListener | null },
) {
  const publishedKeys = await publishKeys(authority)
  opened.defer(() => publishedKeys.stop())
  const { rateLimit, basePath } = config
  const metrics = createMetrics(authority.storage)
  const observe = both(metrics.observe, logRequests(log, writeLine, worker?.pid ?? null))
  let ready = true
  const handler = createHandler(authority, {
    publishedKeys,
    rateLimit,
    basePath,
    observe,
    checkReady: () => checkReady(authority, ready),
  })
  frontend?.answerWith(frontendHandler(authority, config, { publishedKeys, observe }))
  const hasInstance = publishedKeys.all().length > 0
  return { registry: metrics.registry, handler, hasInstance, unready: () => void (ready = false) }
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
async function checkReady({ storage }: Authority, ready: boolean): Promise<StorageHealth> {
  if (!ready)
    throw new AuthorityError('service_unavailable', {
      longMessage: 'The server is stopping.',
      retryAfter: 1,
    })
  return storage.check()
}

/** @returns where the metrics are, `null` if nobody asked for them */
export async function openMetrics(
  { metricsHost, metricsPort }: Config,
  registry: Pick<Registry, 'contentType' | 'metrics'>,
  opened: AsyncDisposableStack,
): Promise<string | null> {
  if (metricsPort === null) return null
  const listener = createMetricsListener(registry)
  const url = await listen(listener, metricsHost, metricsPort, '--metrics-port')
  opened.defer(() => closeListener(listener))
  return `${url}/metrics`
}
