/** Log events on stderr: JSON for machines, a line of text for the person in front of `mintmark dev`. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { printable } from './output.ts'

export interface Log {
  readonly log: Logger
  /** Writes one event, a line of JSON, as it is or in the form for people. */
  writeLine(line: string): void
  flush(): void
}

/** @param format `text` costs more for each event and is for development */
export function createLog(level: string, format: 'json' | 'text'): Log {
  // Buffered: a write for each request would cost as much as the request.
  const destination = pino.destination({
    fd: 2,
    sync: false,
    minLength: 32_768,
    maxWrite: 65_536,
    periodicFlush: 250,
  })
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const lines = format === 'json' ? destination : asText(destination)
  return {
    log: pino(options, lines),
    writeLine: (line) => lines.write(line),
    flush() {
      try {
        destination.flushSync()
      } catch {
        // Not opened yet: nothing was written.
      }
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
