/** The composition root of a server: everything that listens, counts and stops. `dev` and `serve` both call it, and so do tests. */
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import type { Logger } from 'pino'
import type { Authority } from '../authority.ts'
import { AuthorityError } from '../core/errors.ts'
import { createHandler } from '../http/handler.ts'
import { createListener } from '../http/node-listener.ts'
import { createAddressOf } from './client-address.ts'
import { composeAuthority } from './compose.ts'
import { ConfigError } from './config.ts'
import { lockDataFolder, makeDataFolder, writeAddress } from './data-folder.ts'
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
  readonly masterKeys: MasterKeys
  /** What has to be there before the first request is answered. */
  readonly prepare?: (authority: Authority) => Promise<void>
  /** Called once if the server cannot go on: it should be stopped and the process ended. */
  readonly onFatal: (error: Error) => void
}

/** @throws {ConfigError} or {StorageError} if it cannot start; then nothing is left open */
export async function serve(
  config: Config,
  { log, masterKeys, prepare, onFatal }: ServeOptions,
): Promise<RunningServer> {
  const addressOf = createAddressOf(config.trustedProxies)
  makeDataFolder(config.data)
  const lock = lockDataFolder(config.data)
  const opened: { close(): Promise<void> | void }[] = [{ close: () => lock.release() }]
  const closeAll = async () => {
    for (const each of opened.reverse()) await each.close()
  }
  try {
    // The port is taken first: with port 0, the URL that tokens carry is known only then.
    let handler: ReturnType<typeof createHandler> | null = null
    const listener = createListener(
      (request) => (handler === null ? Promise.reject(new Error('not composed yet')) : handler(request)),
      { addressOf },
    )
    const requests = trackRequests(listener)
    const address = await listen(listener, config.host, config.port)
    opened.push({ close: () => closeListener(listener) })
    const url = urlOf(address)
    const authority = await composeAuthority(config, {
      masterKeys,
      publicUrl: config.publicUrl ?? url + config.basePath,
      onFatal,
    })
    opened.push({ close: () => authority.storage.close() })
    await prepare?.(authority)
    const publishedKeys = await publishKeys(authority)
    opened.push({ close: () => publishedKeys.stop() })

    const metrics = createMetrics()
    const logRequest = logRequests(log)
    let ready = true
    handler = createHandler(authority, {
      publishedKeys,
      rateLimit: config.rateLimit,
      basePath: config.basePath,
      observe(event, fault) {
        metrics.observe(event, fault)
        logRequest(event, fault)
      },
      checkReady() {
        if (!ready)
          throw new AuthorityError('service_unavailable', {
            longMessage: 'The server is stopping.',
            retryAfter: 1,
          })
        authority.storage.check()
      },
    })
    const metricsListener = config.metricsPort === null ? null : createMetricsListener(metrics.registry)
    let metricsUrl: string | null = null
    if (metricsListener !== null) {
      metricsUrl = `${urlOf(await listen(metricsListener, config.metricsHost, config.metricsPort!))}/metrics`
      opened.push({ close: () => closeListener(metricsListener) })
    }
    writeAddress(config.data, config.publicUrl ?? url + config.basePath)

    return {
      url,
      metricsUrl,
      authority,
      async stop() {
        ready = false
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

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'another program listens there' : (error.code ?? 'it cannot be opened')
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
