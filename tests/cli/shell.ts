/** Runs a script in a POSIX shell, as people and their scripts run the command line. */
import { spawn } from 'node:child_process'
import { BIN, cleanEnvironment } from '../support/server-process.ts'

export interface ShellResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** In the script, `mintmark` and `node` are those under test. */
export function runShell(
  script: string,
  environment: Record<string, string> = {},
  folder?: string,
): Promise<ShellResult> {
  const prelude = 'mintmark() { "$NODE" "$BIN" "$@"; }\nnode() { "$NODE" "$@"; }\n'
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', prelude + script], {
      env: cleanEnvironment({ NODE: process.execPath, BIN, ...environment }),
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
