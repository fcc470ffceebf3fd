/** A development server, and the command line that calls it. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { runCli, startDev, type ServerProcess } from '../support/server-process.ts'
import { runShell, type ShellResult } from './shell.ts'

export interface ApiWorld {
  readonly server: ServerProcess
  /** A command by its words, on the data folder. */
  run(line: string, ...more: readonly string[]): Promise<ShellResult>
  /** What it prints with `--json`. */
  json(line: string, ...more: readonly string[]): Promise<ReturnType<JSON['parse']>>
  /** A shell script in which `$DATA` is the data folder. */
  shell(script: string, environment?: Record<string, string>): Promise<ShellResult>
}

const words = (line: string): readonly string[] => line.split(' ').filter(Boolean)

export async function startWorld(flags: readonly string[] = []): Promise<ApiWorld> {
  const server = await startDev({ flags })
  const run = (line: string, ...more: readonly string[]) =>
    runCli([...words(line), ...more, '--data', server.data])
  return {
    server,
    run,
    async json(line, ...more) {
      const { code, stdout, stderr } = await run(line, ...more, '--json')
      if (code !== 0) throw new Error(`mintmark ${line} ended with ${code}: ${stderr}`)
      return JSON.parse(stdout)
    },
    shell: (script, environment = {}) => runShell(script, { DATA: server.data, ...environment }),
  }
}

/** A call of every command of the API that is right in itself. What it names need not be there. */
export const CALLS = [
  'machines list',
  'machines get mch_2abcdefghijklmnopqrstuvwxyz',
  'machines create --name any',
  'machines update mch_2abcdefghijklmnopqrstuvwxyz --name any',
  'machines delete mch_2abcdefghijklmnopqrstuvwxyz --yes',
  'machines secret-key mch_2abcdefghijklmnopqrstuvwxyz',
  'machines rotate-key mch_2abcdefghijklmnopqrstuvwxyz --yes',
  'machines scope add mch_2abcdefghijklmnopqrstuvwxyz mch_2abcdefghijklmnopqrstuvwxya',
  'machines scope remove mch_2abcdefghijklmnopqrstuvwxyz mch_2abcdefghijklmnopqrstuvwxya',
  'tokens issue --machine mch_2abcdefghijklmnopqrstuvwxyz',
  'tokens list --machine mch_2abcdefghijklmnopqrstuvwxyz',
  'tokens verify --file $TOKEN_FILE',
  'tokens revoke mt_0199f6f1a1b27c3d8e4f5a6b7c8d9e0f',
  'machine-tokens issue --machine mch_any',
  'testing-tokens create',
  'testing-tokens verify --file $TOKEN_FILE',
  'testing-tokens list',
  'testing-tokens revoke tt_0199f6f1a1b27c3d8e4f5a6b7c8d9e0f',
  'impersonate user_2abcdefghijklmnopqrstuvwxyz --as user_any --reason any',
  'impersonate list',
  'impersonate end act_2abcdefghijklmnopqrstuvwxyz',
  'actor-tokens create --user user_2abcdefghijklmnopqrstuvwxyz --actor user_any',
  'actor-tokens revoke act_2abcdefghijklmnopqrstuvwxyz',
  'sign-in-tokens create user_2abcdefghijklmnopqrstuvwxyz',
  'sign-in-tokens revoke sit_2abcdefghijklmnopqrstuvwxyz',
  'sessions list',
  'sessions revoke sess_2abcdefghijklmnopqrstuvwxyz',
  'users list',
  'users get user_2abcdefghijklmnopqrstuvwxyz',
  'users create --first-name Any',
  'users update user_2abcdefghijklmnopqrstuvwxyz --first-name Any',
  'users delete user_2abcdefghijklmnopqrstuvwxyz --yes',
  'users count',
  'keys list',
  'keys rotate --yes',
  'keys revoke kid_2abcdefghijklmnopqrstuvwxyz --yes',
] as const

/** Stands where a server was named, and keeps what it was sent. */
export async function startListener(): Promise<{ url: string; seen: string[]; close(): void }> {
  const seen: string[] = []
  const listener = createServer((request, response) => {
    seen.push(request.headers.authorization ?? '')
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>another program</p>')
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, seen, close: () => void listener.close() }
}
