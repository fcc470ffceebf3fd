/**
 * A worker: one of several processes that answer on the same address. It does what its supervisor orders,
 * ends when that is gone, and never takes a signal for itself: a terminal sends them to all at once.
 */
import cluster from 'node:cluster'
import type { Logger } from 'pino'
import { AuthorityError } from '../../core/errors.ts'
import { StorageError } from '../../storage/storage-error.ts'
import { ConfigError } from '../config.ts'
import { serve, type RunningServer } from '../serve.ts'
import type { Measurements, Order, Report, StartOrder } from './messages.ts'

export interface WorkerLog {
  readonly log: Logger
  writeLine(line: string): void
  flush(): void
}

/** Fulfilled when the worker is done. The process then ends with 0, or with 1 if it could not start or go on. */
export async function work(createLog: (level: string) => WorkerLog): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  const orders = takeOrders()
  let flush = () => {}
  try {
    const start = await orders.start
    const log = createLog(start.config.logLevel)
    flush = log.flush
    await workAs(start, log, orders)
  } catch (error) {
    await send({ report: 'failed', sentence: sentenceOf(error), disk: error instanceof DiskFailure })
    process.once('exit', () => void (process.exitCode = 1))
  }
  flush()
  // Not `process.exit`: a part of the log may be on its way to somebody who reads slowly.
  orders.end()
}

class DiskFailure extends Error {}

async function workAs(start: StartOrder, { log, writeLine }: WorkerLog, orders: Orders): Promise<void> {
  const { config, masterKeys, url } = start
  let fail: (error: Error) => void
  const failed = new Promise<Error>((resolve) => (fail = resolve))
  const server = await serve(config, {
    log,
    writeLine,
    masterKeys,
    worker: { pid: process.pid, url },
    onFatal(error) {
      log.error(
        { worker: process.pid, fault: error.message },
        'the disk failed: nothing can be acknowledged any more',
      )
      fail(error)
    },
  })
  orders.measureWith(() => measure(server))
  await send({ report: 'ready', hasInstance: server.hasInstance })
  const end = await Promise.race([
    failed,
    orders.stopped.then(() => 'stopped' as const),
    orders.orphaned.then(() => 'orphaned' as const),
    orders.retired.then(() => leave(server, orders)).then(() => 'retired' as const),
  ])
  // Nobody can come any more to one that is retired or alone.
  await server.stop(end === 'retired' || end === 'orphaned' ? 0 : config.shutdownDelay)
  await send({ report: 'measured', measurements: await measure(server) })
  if (end instanceof Error) throw new DiskFailure(end.message, { cause: end })
}

/** Fulfilled when no connection is left, and none is on its way here. */
async function leave(server: RunningServer, { noneFollow }: Orders): Promise<void> {
  const over = server.retire()
  await send({ report: 'left' })
  await Promise.all([over, noneFollow])
}

const measure = ({ registry }: RunningServer): Promise<Measurements> => registry.getMetricsAsJSON()

type Orders = ReturnType<typeof takeOrders>

function takeOrders() {
  const start = Promise.withResolvers<StartOrder>()
  const stopped = Promise.withResolvers<void>()
  const retired = Promise.withResolvers<void>()
  const noneFollow = Promise.withResolvers<void>()
  const orphaned = Promise.withResolvers<void>()
  let measureNow: (() => Promise<Measurements>) | null = null
  process.on('message', (message: Order) => {
    if (message.order === 'start') start.resolve(message)
    else if (message.order === 'measure') void measureNow?.().then(sendMeasured)
    else if (message.order === 'retire') retired.resolve()
    else if (message.order === 'none follow') noneFollow.resolve()
    // Before it answers there is nothing to finish.
    else if (measureNow === null) process.exit(0)
    else stopped.resolve()
  })
  const onDisconnect = () => {
    if (measureNow === null) process.exit(0)
    orphaned.resolve()
  }
  process.once('disconnect', onDisconnect)
  // Node would end this process at once when the supervisor is gone, with requests that are open.
  cluster.worker!.exitedAfterDisconnect = true
  void send({ report: 'there' })
  return {
    start: start.promise,
    stopped: stopped.promise,
    retired: retired.promise,
    noneFollow: noneFollow.promise,
    orphaned: orphaned.promise,
    measureWith: (by: () => Promise<Measurements>) => void (measureNow = by),
    end() {
      process.off('disconnect', onDisconnect)
      if (process.connected) process.disconnect()
    },
  }
}

const sendMeasured = (measurements: Measurements): Promise<void> => send({ report: 'measured', measurements })

/** Fulfilled when it is on its way, or nobody is there to get it. */
const send = (report: Report): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send!(report, undefined, undefined, () => resolve())
    else resolve()
  })

function sentenceOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StorageError || error instanceof DiskFailure) {
    return error.message
  }
  if (error instanceof AuthorityError) {
    return error.cause instanceof Error ? error.cause.message : error.longMessage
  }
  return `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
