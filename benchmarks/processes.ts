/** Starts what is measured on a core of its own, and this process on another. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The server's core and the load's. With one core only, both share it and the ratios mean less. */
export const SERVER_CORE = 0
export const LOAD_CORE = 1

export interface Measured {
  readonly child: ChildProcess
  readonly ready: Record<string, unknown>
  /** From the start of the process until it said that it was ready. */
  readonly startMs: number
  stop(): Promise<void>
}

/**
 * Runs a program that prints one JSON object when it is ready.
 *
 * @param cores those that it may use, as `taskset` takes them
 */
export async function start(
  args: readonly string[],
  environment: Record<string, string> = {},
  cores = String(SERVER_CORE),
): Promise<Measured> {
  const started = performance.now()
  const child = spawn('taskset', ['-c', cores, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', openSync('/dev/null', 'w')],
    env: { PATH: process.env.PATH ?? '', ...environment },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    let out = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text
      try {
        resolve(JSON.parse(out) as Record<string, unknown>)
      } catch {
        // Not whole yet.
      }
    })
    void ended.then(() => reject(new Error(`${args[0]} ended before it was ready.`)))
  })
  return {
    child,
    ready,
    startMs: performance.now() - started,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export const pinThisProcess = (): void => {
  spawnSync('taskset', ['-cp', String(LOAD_CORE), String(process.pid)])
}

/** Processor time that a process has used, in milliseconds: what a busy machine does not distort. */
export function processorMs({ child }: Measured): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Resident memory in megabytes. */
export const residentMb = ({ child }: Measured): number =>
  Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  )

export const BIN = fileURLToPath(new URL('../packages/server/bin/mintmark.js', import.meta.url))
export const BARE = fileURLToPath(new URL('bare-http.ts', import.meta.url))
