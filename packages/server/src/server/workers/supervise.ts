/**
 * Several workers on one address, and the process that watches over them. It answers no request and opens no
 * database: it holds the data folder's lock, replaces workers that end, and adds up what they count. What
 * it must never do is to let a worker go before another answers in its place.
 */
import cluster from 'node:cluster'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { createServer } from '../../node-http.ts'
import { forgetLocalUrlIfPossible, takeDataFolder, writeAddress } from '../data-folder.ts'
import type { MasterKeys } from '../key-ring.ts'
import { closeListener, listen } from '../listen.ts'
import { openMetrics } from '../serve.ts'
import type { Config } from '../settings.ts'
import type { ReadyReport, StartOrder } from './messages.ts'
import { createPlaces, type Places } from './places.ts'

export interface Supervisor {
  readonly url: string
  readonly metricsUrl: string | null
  readonly hasInstance: boolean
  /** Fulfilled if the workers cannot go on: it should be stopped and the process ended. */
  readonly failed: Promise<Error>
  /** Replaces every worker by a new one, one after the other. No request is refused meanwhile. */
  replaceAll(): void
  /** Each worker stops as a server does. */
  stop(): Promise<void>
  /** Ends all workers at once. */
  kill(): void
}

export interface SuperviseOptions {
  readonly log: Logger
  readonly masterKeys: MasterKeys
}

/** @throws {ConfigError} or {StorageError} if it cannot start; then nothing is left running */
export async function supervise(config: Config, { log, masterKeys }: SuperviseOptions): Promise<Supervisor> {
  const lock = takeDataFolder(config.data)
  const opened = new AsyncDisposableStack()
  opened.defer(() => lock.release())
  const places = createPlaces(log)
  // Left to the operating system, most of the kept connections of a proxy would be with few workers.
  cluster.schedulingPolicy = cluster.SCHED_RR
  // Keys are bytes, which JSON has not.
  cluster.setupPrimary({ serialization: 'advanced' })
  try {
    const { url, port } = await choosePort(config)
    const { hasInstance } = await startAll({ ...config, port }, { masterKeys, url }, places)
    const contentType = Registry.PROMETHEUS_CONTENT_TYPE
    const metrics = { contentType, metrics: () => places.measure() }
    const metricsUrl = await openMetrics(config, metrics, opened)
    const localUrl = url + config.basePath
    const { publicUrl, frontendUrl } = config
    writeAddress(config.data, { url: publicUrl ?? localUrl, localUrl, frontendUrl })
    return {
      url,
      metricsUrl,
      hasInstance,
      failed: places.failed,
      replaceAll: () => places.replaceAll(),
      async stop() {
        forgetLocalUrlIfPossible(config.data)
        await places.stop(config.shutdownDelay)
        await opened.disposeAsync()
      },
      kill: () => places.kill(),
    }
  } catch (error) {
    places.kill()
    await places.stop(0)
    await opened.disposeAsync()
    throw error
  }
}

/**
 * Takes the port and gives it back, to know before anything is done that it is free, and with port 0 which
 * one it is. It cannot be kept: it is the workers who open it, together.
 */
async function choosePort({ host, port }: Config): Promise<{ url: string; port: number }> {
  const probe = createServer()
  const url = await listen(probe, host, port)
  await closeListener(probe)
  return { url, port: port || Number(new URL(url).port) }
}

/** The first alone, because it may have to bring the schema up to date; the others then find it so. */
async function startAll(
  config: Config,
  given: Pick<StartOrder, 'masterKeys' | 'url'>,
  places: Places,
): Promise<ReadyReport> {
  const start: StartOrder = { order: 'start', config: shareOf(config), ...given }
  const first = await places.add(start)
  const others = { ...start, config: { ...start.config, migrate: false } }
  await Promise.all(Array.from({ length: config.workers - 1 }, () => places.add(others)))
  return first
}

/** What one worker may do of what all of them may: the requests of a key go to any of them. */
const shareOf = (config: Config): Config => ({
  ...config,
  rateLimit: Math.ceil(config.rateLimit / config.workers),
})
