/** What operators see of requests: one log event each, and counts and times for Prometheus. */
import type { Server } from 'node:http'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Storage, StorageGauges } from '../storage/storage.ts'
import type { Logger } from 'pino'
import { createServer } from '../node-http.ts'
import type { RequestEvent, RequestObserver } from '../http/request-event.ts'

/** Health probes come every few seconds and say nothing: they are logged at debug level. */
const QUIET = /^health\./

/**
 * Writes events as lines of JSON, like the logger's own. Not through the logger: what makes it good for
 * any object would cost a verification a fifth of its time.
 *
 * @param worker the id of this process, if there are several
 */
export function logRequests(
  log: Logger,
  writeLine: (line: string) => void,
  worker: number | null,
): RequestObserver {
  const now = isoNow()
  const by = worker === null ? '' : `,"worker":${worker}`
  return (event, fault) => {
    const level = QUIET.test(event.operation) ? 'debug' : event.status >= 500 ? 'error' : 'info'
    if (!log.isLevelEnabled(level)) return
    const what = fault === undefined ? '' : `,"fault":${JSON.stringify(nameFault(fault))}`
    writeLine(`{"level":"${level}","time":"${now()}",${describe(event)}${by}${what},"msg":"request"}\n`)
  }
}

/** Written out by hand, since each name is known; the texts that a caller could have a say in are escaped. */
function describe(event: RequestEvent): string {
  const { traceId, method, address, operation, status, verdict, errorCode, durationMs, caller, replayed } =
    event
  const who = caller === null ? null : caller.kind === 'machine' ? caller.machineId : caller.kind
  return (
    `"traceId":"${traceId}","method":${JSON.stringify(method)},"address":${JSON.stringify(address)}` +
    `,"operation":"${operation}","status":${status},"verdict":${quoted(verdict)}` +
    `,"errorCode":${quoted(errorCode)},"durationMs":${Math.round(durationMs * 1000) / 1000}` +
    `,"instanceId":${quoted(caller && caller.instanceId)},"caller":${quoted(who)}` +
    (replayed ? ',"replayed":true' : '')
  )
}

/** For texts of our own, which hold nothing that would have to be escaped. */
const quoted = (text: string | null): string => (text === null ? 'null' : `"${text}"`)

/** The time as text, written anew only when it has moved: many events share a millisecond. */
function isoNow(): () => string {
  let written = 0
  let text = ''
  return () => {
    const instant = Date.now()
    if (instant !== written) {
      written = instant
      text = new Date(instant).toISOString()
    }
    return text
  }
}

/** Where it was thrown, and what by: the messages of errors that are not ours may hold what they were given. */
function nameFault(fault: unknown): object {
  if (!(fault instanceof Error)) return { name: typeof fault }
  const { cause } = fault
  const code =
    cause instanceof Error && 'errcode' in cause
      ? { sqlite: cause.errcode, cause: cause.message }
      : { cause: causeOf(cause) }
  return {
    name: fault.name,
    ...code,
    stack: fault.stack
      ?.split('\n')
      .slice(1, 8)
      .map((line) => line.trim()),
  }
}

/** Says when the database is lost and when it is back, also to a server that nobody asks anything. */
export function logTrouble(log: Logger, error: unknown): void {
  if (error === null) log.info('the database can be read again')
  else log.error({ fault: nameFault(error) }, 'the database cannot be read: nothing is answered from memory')
}

/** A code says enough; the messages of a database may hold values. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code } = cause as { code?: unknown }
  return typeof code === 'string' && /^\w{1,32}$/.test(code) ? code : cause.name
}

/** Looked at when somebody asks. */
function watchStorage(registry: Registry, gauges: () => StorageGauges): void {
  void new Gauge({
    name: 'mintmark_log_age_seconds',
    help: 'Time since the revocation log was last read.',
    registers: [registry],
    collect() {
      this.set(gauges().logAgeMs / 1000)
    },
  })
  void new Gauge({
    name: 'mintmark_database_connections',
    help: 'Connections for transactions, used and idle, and who waits for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(gauges().connections)) this.set({ state }, count)
    },
  })
}

/** @param storage whose state is measured too, if it has any */
export function createMetrics(storage: Pick<Storage, 'gauges'>): {
  observe: RequestObserver
  registry: Registry
} {
  const registry = new Registry()
  if (storage.gauges !== undefined) watchStorage(registry, storage.gauges)
  collectDefaultMetrics({ register: registry }) // the event loop's delay is among them
  const requests = new Counter({
    name: 'mintmark_requests_total',
    help: 'Requests by operation and status code.',
    labelNames: ['operation', 'status'],
    registers: [registry],
  })
  const verdicts = new Counter({
    name: 'mintmark_verdicts_total',
    help: 'Verifications by operation and verdict: active, or why not.',
    labelNames: ['operation', 'verdict'],
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'mintmark_request_duration_seconds',
    help: 'Time from the first byte of a request to its answer, by operation.',
    labelNames: ['operation'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  })
  // Finding the series of some labels costs more than counting in it, and there are few.
  const ofOperation = remember((operation: string) => ({
    duration: durations.labels({ operation }),
    byStatus: remember((status: number) => requests.labels({ operation, status })),
    byVerdict: remember((verdict: string) => verdicts.labels({ operation, verdict })),
  }))
  return {
    registry,
    observe({ operation, status, durationMs, verdict }) {
      const { duration, byStatus, byVerdict } = ofOperation(operation)
      duration.observe(durationMs / 1000)
      byStatus(status).inc()
      if (verdict !== null) byVerdict(verdict).inc()
    },
  }
}

function remember<Label, Series>(find: (label: Label) => Series): (label: Label) => Series {
  const known = new Map<Label, Series>()
  return (label) => {
    let series = known.get(label)
    if (series === undefined) known.set(label, (series = find(label)))
    return series
  }
}

/** `/metrics` on a listener of its own: it is for operators, not for callers. */
export const createMetricsListener = (registry: Pick<Registry, 'contentType' | 'metrics'>): Server =>
  createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
