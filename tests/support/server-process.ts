/** Starts the built server as its users do: another process, a folder of its own, a port that was free. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { storeEnvironment } from './test-store.ts'

export const BIN = fileURLToPath(new URL('../../packages/server/bin/mintmark.js', import.meta.url))

/** Environment of a child: nothing of ours that would configure it. */
export const cleanEnvironment = (extra: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  ...extra,
})

export interface ServerProcess {
  readonly url: string
  readonly metricsUrl: string | null
  /** Where browsers find the frontend; `null` if there is none, or that is not known. */
  readonly frontendUrl?: string | null
  /** What `mintmark env` prints. */
  readonly env: Readonly<Record<string, string>>
  readonly data: string
  readonly child: ChildProcess
  /** Everything it wrote on stderr until now. */
  log(): string
  /** @returns the exit code, or the signal that ended it */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

export interface StartOptions {
  readonly data?: string
  readonly flags?: readonly string[]
  readonly environment?: Record<string, string>
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'mintmark-test-'))
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** `mintmark dev --json` on a free port; ready when this is fulfilled. */
export async function startDev({
  data = temporaryFolder(),
  flags = [],
  environment = {},
}: StartOptions = {}): Promise<ServerProcess> {
  const store = await storeEnvironment(data)
  const child = spawn(
    process.execPath,
    [
      BIN,
      'dev',
      '--json',
      '--port',
      '0',
      ...(flags.includes('--in-memory') ? [] : ['--data', data]),
      ...flags,
    ],
    {
      env: cleanEnvironment({ ...store, ...environment }),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let out = ''
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
  const ready = new Promise<{ url: string; metricsUrl: string | null; env: Record<string, string> }>(
    (resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text
        if (out.trimEnd().endsWith('}')) {
          try {
            resolve(JSON.parse(out))
          } catch {
            // Not whole yet.
          }
        }
      })
    },
  )
  const started = await Promise.race([ready, ended.then(() => null)])
  if (started === null) throw new Error(`mintmark dev ended before it was ready:\n${log}`)
  return {
    ...started,
    data,
    child,
    log: () => log,
    stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return ended
    },
  }
}

/** Runs a command to its end. */
export async function runCli(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const data = args[args.indexOf('--data') + 1]
  const store = args.includes('--data') ? await storeEnvironment(data!) : {}
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      env: cleanEnvironment({ ...store, ...environment }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
