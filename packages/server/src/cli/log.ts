/** Log events on stderr: JSON for machines, a line of text for the person in front of `mintmark dev`. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { printable } from './output.ts'

export interface Log {
  readonly log: Logger
  /** Writes one event, a line of JSON, as it is or in the form for people. */
  writeLine(line: string): void
  flush(): void
}

export interface LogOptions {
  /** Others write to the same stderr, so that each write has to be whole lines that no other gets between. */
  readonly isShared?: boolean
}

/** @param format `text` costs more for each event and is for development */
export function createLog(
  level: string,
  format: 'json' | 'text',
  { isShared = false }: LogOptions = {},
): Log {
  const maxWrite = isShared ? SHARED_BATCH_LENGTH : BATCH_LENGTH
  const destination = pino.destination({ fd: 2, sync: false, maxWrite })
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const batches = inBatches(destination, maxWrite)
  const lines = format === 'json' ? batches : asText(batches)
  const flush = () => {
    batches.handOver()
    try {
      destination.flushSync()
    } catch {
      // Not opened yet: nothing was written.
    }
  }
  process.once('exit', flush)
  return { log: pino(options, lines), writeLine: (line) => lines.write(line), flush }
}

/** Lines are handed over before there are more characters of them than this, or after this time. */
const BATCH_LENGTH = 16_384
/** What a pipe takes in one piece, whoever else writes to it (PIPE_BUF on Linux). */
const SHARED_BATCH_LENGTH = 4_096
const BATCH_MS = 250

/** Puts lines together, since what the destination does for each write costs as much as a verification. */
function inBatches(
  destination: DestinationStream,
  longest: number,
): DestinationStream & { handOver(): void } {
  let batch = ''
  let timer: NodeJS.Timeout | null = null
  function handOver(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (batch !== '') destination.write(batch)
    batch = ''
  }
  return {
    handOver,
    write(line) {
      if (batch.length + line.length > longest) handOver()
      batch += line
      timer ??= setTimeout(handOver, BATCH_MS).unref()
    },
  }
}

const asText = (destination: DestinationStream): DestinationStream => ({
  write(line) {
    const { time, level, msg, operation, status, durationMs, verdict, errorCode, method, traceId, ...rest } =
      JSON.parse(line) as Record<string, string | number>
    const clock = String(time).slice(11, 19)
    if (operation === undefined) {
      const details = Object.keys(rest).length > 0 ? ` ${printable(JSON.stringify(rest))}` : ''
      destination.write(`${clock} ${level} ${printable(String(msg))}${details}\n`)
      return
    }
    const outcome = [verdict, errorCode, Number(status) >= 400 && `trace ${traceId}`]
      .filter(Boolean)
      .join(' ')
    const fault = rest.fault === undefined ? '' : `\n         ${printable(JSON.stringify(rest.fault))}`
    destination.write(
      `${clock} ${status} ${method} ${operation} ${Number(durationMs).toFixed(1)} ms ${outcome}`.trimEnd() +
        `${fault}\n`,
    )
  },
})
