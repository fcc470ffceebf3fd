/** One worker, as its supervisor sees it. */
import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeUnacknowledged } from './close-unacknowledged.ts'
import type { Measurements, Order, ReadyReport, Report, StartOrder } from './messages.ts'

export interface WorkerEnd {
  readonly code: number | null
  readonly signal: string | null
  /** What it said itself, `null` if it said nothing. */
  readonly sentence: string | null
  /** Its disk failed at a sync. */
  readonly disk: boolean
  readonly livedMs: number
}

export interface WorkerProcess {
  readonly pid: number
  /** By `performance.now()`. */
  readonly startedAt: number
  /** `null` if it ended before it was ready. */
  readonly ready: Promise<ReadyReport | null>
  readonly ended: Promise<WorkerEnd>
  tell(order: Order): void
  /** What it said last that it has counted. */
  readonly measured: Measurements
  /** What it has counted; if it cannot say now, what it said last. */
  measure(): Promise<Measurements>
  kill(): void
}

/** A worker that does not say within this time what it counted is busy, or about to end. */
const MEASURE_MS = 2_000

/**
 * How often a worker that is ready is asked, and how often without an answer until it is taken for stuck. Not by
 * the clock: after a pause of the whole machine each would seem to have been silent for long.
 */
const BEAT_MS = 2_000
const LONGEST_SILENCE = 5

export function startWorker(start: StartOrder): WorkerProcess {
  const startedAt = performance.now()
  const worker = cluster.fork()
  closeUnacknowledged(worker)
  const ready = Promise.withResolvers<ReadyReport | null>()
  const ended = Promise.withResolvers<WorkerEnd>()
  let measured: Measurements = []
  let answered = Promise.withResolvers<void>()
  let failure: { sentence: string; disk: boolean } | null = null

  const tell = (order: Order) => sendIfPossible(worker, order)
  let unanswered = 0
  let isReady = false
  worker.on('message', (message: Report) => {
    unanswered = 0
    switch (message.report) {
      case 'there':
        tell(start)
        break
      case 'ready':
        isReady = true
        ready.resolve(message)
        break
      case 'measured':
        measured = message.measurements
        answered.resolve()
        answered = Promise.withResolvers()
        break
      case 'left':
        tell({ order: 'none follow' })
        break
      case 'failed':
        failure = message
    }
  })
  const kill = () => void worker.process.kill('SIGKILL')
  // One that is stuck would keep every connection that it is given.
  const beat = setInterval(() => {
    // Who starts may have much to do first, and who leaves may have hung up.
    if (!isReady || !worker.isConnected()) return
    if (unanswered++ < LONGEST_SILENCE) {
      tell({ order: 'measure' })
      return
    }
    const seconds = (LONGEST_SILENCE * BEAT_MS) / 1000
    failure = { sentence: `It said nothing for ${seconds} seconds, and was ended.`, disk: false }
    kill()
  }, BEAT_MS).unref()
  // A worker that cannot be told something has ended, or is about to: that is noticed below.
  worker.on('error', () => {})
  worker.process.once('error', () => {})
  // Not `exit`: what it said last may come after that.
  worker.process.once('close', (code: number | null, signal: string | null) => {
    clearInterval(beat)
    ready.resolve(null)
    const { sentence = null, disk = false } = failure ?? {}
    ended.resolve({ code, signal, sentence, disk, livedMs: performance.now() - startedAt })
    answered.resolve()
  })

  return {
    pid: worker.process.pid ?? 0,
    startedAt,
    ready: ready.promise,
    ended: ended.promise,
    tell,
    get measured() {
      return measured
    },
    async measure() {
      const { promise } = answered
      if (!tell({ order: 'measure' })) return measured
      await Promise.race([promise, sleep(MEASURE_MS, undefined, { ref: false })])
      return measured
    },
    kill,
  }
}

/** @returns whether there is somebody to be told */
function sendIfPossible(worker: Worker, order: Order): boolean {
  if (!worker.isConnected()) return false
  worker.send(order, undefined, () => {})
  return true
}
