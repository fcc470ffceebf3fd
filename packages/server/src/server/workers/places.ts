/** As many workers as there are places: who ends is replaced, and all can be, one after the other. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { StorageError } from '../../storage/storage-error.ts'
import { ConfigError } from '../config.ts'
import { createDiskFailures } from './disk-failures.ts'
import type { ReadyReport, StartOrder } from './messages.ts'
import { oneByOne } from './one-by-one.ts'
import { createRestartDelay } from './restart-delay.ts'
import { createSum } from './sum.ts'
import { startWorker, type WorkerEnd, type WorkerProcess } from './worker-process.ts'

interface Place {
  worker: WorkerProcess
  /** While another is started that will take the place, if it can. */
  next: Promise<unknown> | null
  readonly delayAfter: ReturnType<typeof createRestartDelay>
}

export interface Places {
  /**
   * Starts a worker in a new place. Whoever replaces a worker later starts as the last did here.
   *
   * @returns what it says when it is ready
   * @throws {ConfigError} with its own sentence if it could not start
   */
  add(start: StartOrder): Promise<ReadyReport>
  /** Fulfilled when no new worker can help any more. */
  readonly failed: Promise<Error>
  /** Asked for while it goes on, it is done once more. */
  replaceAll(): void
  /** What all workers have counted, those before them included, in the text form of Prometheus. */
  measure(): Promise<string>
  /** @param delay seconds for which they go on serving first. Fulfilled when all have ended */
  stop(delay: number): Promise<void>
  kill(): void
}

/** How long the next replacement waits for idle connections of the last: each of them costs a process meanwhile. */
const PATIENCE_MS = 10_000
/** A worker that is told to stop takes ten seconds at most to drain, and has to write what it noted. */
const LONGEST_STOP_MS = 20_000

export function createPlaces(log: Logger): Places {
  const places: Place[] = []
  const alive = new Set<WorkerProcess>()
  const sum = createSum()
  const isRepeated = createDiskFailures()
  const failed = Promise.withResolvers<Error>()
  let like: StartOrder
  let stopping = false

  function start(): WorkerProcess {
    const worker = startWorker(like)
    alive.add(worker)
    void worker.ended.then(() => {
      alive.delete(worker)
      sum.addEnded(worker.measured)
    })
    return worker
  }

  /** As long as the place is needed, somebody is in it. */
  async function keep(place: Place): Promise<void> {
    while (!stopping) {
      const { worker } = place
      const end = await worker.ended
      await place.next
      if (stopping) return
      if (place.worker !== worker) continue
      if (end.disk && isRepeated(worker.startedAt, performance.now())) {
        failed.resolve(
          new StorageError(`The disk failed again, after a new worker was started: ${end.sentence}`),
        )
        return
      }
      const delayMs = place.delayAfter(end.livedMs)
      log.error({ ...describe(worker, end), delayMs }, 'a worker ended and is replaced')
      await sleep(delayMs)
      if (stopping) return
      place.worker = start()
      void sayWhenReady(place.worker)
    }
  }

  async function sayWhenReady(worker: WorkerProcess): Promise<void> {
    if ((await worker.ready) !== null) log.info({ worker: worker.pid }, 'a new worker is ready')
  }

  /** @returns whom it replaced; `null` if the new one could not start, and nothing has changed */
  async function replace(place: Place): Promise<WorkerProcess | null> {
    const before = place.worker
    const worker = start()
    if ((await worker.ready) === null) {
      const end = await worker.ended
      if (!stopping) log.error(describe(worker, end), 'a new worker could not start: the others go on')
      return null
    }
    place.worker = worker
    log.info({ worker: worker.pid, before: before.pid }, 'a worker is replaced')
    before.tell({ order: 'retire' })
    return before
  }

  async function replaceEach(): Promise<void> {
    for (const place of places) {
      // Where nobody is, somebody new is about to be.
      if (stopping || !alive.has(place.worker)) continue
      const replaced = replace(place)
      place.next = replaced
      const before = await replaced
      place.next = null
      if (before === null) return
      await Promise.race([before.ended, sleep(PATIENCE_MS, undefined, { ref: false })])
    }
    if (!stopping) log.info('all workers are replaced')
  }

  const kill = () => alive.forEach((worker) => worker.kill())

  return {
    failed: failed.promise,
    async add(order) {
      like = order
      const worker = start()
      const ready = await worker.ready
      if (ready === null) throw new ConfigError(sentenceOf(await worker.ended))
      const place: Place = { worker, next: null, delayAfter: createRestartDelay() }
      places.push(place)
      keep(place).catch(failed.resolve)
      return ready
    },
    replaceAll: oneByOne(replaceEach, (error) =>
      log.error({ fault: String(error) }, 'a new worker could not start'),
    ),
    measure: () => sum.toText([...alive].map((worker) => worker.measure())),
    async stop(delay) {
      stopping = true
      const all = [...alive]
      for (const worker of all) worker.tell({ order: 'stop' })
      const late = setTimeout(
        () => {
          log.error('a worker does not stop: it is ended')
          kill()
        },
        delay * 1_000 + LONGEST_STOP_MS,
      )
      await Promise.all(all.map(({ ended }) => ended))
      clearTimeout(late)
    },
    kill,
  }
}

const describe = ({ pid }: WorkerProcess, { code, signal, sentence }: WorkerEnd) => ({
  worker: pid,
  code,
  signal,
  ...(sentence !== null && { fault: sentence }),
})

const sentenceOf = ({ sentence, code, signal }: WorkerEnd): string =>
  sentence ?? `A worker ended before it was ready (${signal ?? `exit code ${code}`}).`
