/** Starts `mintmark serve`, as operators do: with a master key that they keep. */
import { spawn } from 'node:child_process'
import { BIN, cleanEnvironment, temporaryFolder, type ServerProcess } from '../support/server-process.ts'

export interface ServeOptions {
  readonly data?: string
  readonly flags?: readonly string[]
  readonly environment?: Record<string, string>
}

/** `mintmark serve --json` on a free port; ready when this is fulfilled. It prints no keys, so `env` is empty. */
export async function startServe({
  data = temporaryFolder(),
  flags = [],
  environment = {},
}: ServeOptions = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [BIN, 'serve', '--json', '--port', '0', '--data', data, ...flags], {
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    out += text
    if (out.endsWith('}\n')) break
  }
  if (out === '') {
    await ended
    throw new Error(`mintmark serve ended before it was ready:\n${log}`)
  }
  child.stdout.resume()
  return {
    ...(JSON.parse(out) as { url: string; metricsUrl: string | null }),
    env: {},
    data,
    child,
    log: () => log,
    stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return ended
    },
  }
}
