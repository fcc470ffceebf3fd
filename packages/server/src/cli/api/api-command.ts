/**
 * A command that makes calls of the API. What all of them share is here: which server, which key, `--json`,
 * `--yes`, and what becomes of an error.
 */
import { Mintmark } from '@mintmark/sdk'
import { Command } from 'commander'
import { addJson } from '../options.ts'
import { printJson } from '../output.ts'
import { wholeNumber } from '../values.ts'
import { confirm, CONSENT, requireConsent } from './ask.ts'
import { missingKey, toCliError } from './failure.ts'
import { warnOfPlainHttp } from './plain-http.ts'
import { addServerFlags, whichServer, type Server, type ServerFlags } from './which-server.ts'

export interface ApiCall<Flags> {
  readonly flags: Flags
  readonly args: readonly string[]
  readonly server: Server
  /** With the instance's key, or with a machine's where there is none. */
  readonly mintmark: Mintmark
  /** A client with this key and no other. */
  as(machineKey: string): Mintmark
  /** Asks, unless `--yes` was given. @throws {CliError} unless the answer is yes */
  confirm(question: string): Promise<void>
  /** Does something once the answer is printed, as JSON or for people. */
  afterwards(work: () => Promise<void>): void
}

export interface ApiCommand<Flags> {
  readonly name: string
  readonly description: string
  readonly examples?: string
  /** It ends something for good, so it asks, or wants `--yes`. */
  readonly destructive?: true
  /** What to say where the authority knows none of that id, with where to look. */
  readonly notFound?: string
  readonly shape?: (command: Command) => void
  /** Refuses flags that do not go together, before any server is looked for. @throws {CliError} */
  readonly check?: (flags: Flags, args: readonly string[]) => void
  /** Makes the calls. The last one's answer is what `--json` prints. @returns what shows it to people */
  readonly act: (call: ApiCall<Flags>) => Promise<() => void | Promise<void>>
}

export function apiCommand<Flags extends object = object>(spec: ApiCommand<Flags>): Command {
  const command = new Command(spec.name).description(spec.description)
  spec.shape?.(command)
  if (spec.destructive) command.option('--yes', CONSENT)
  if (spec.examples !== undefined) command.addHelpText('after', `\nExamples:\n${spec.examples}`)
  addServerFlags(addJson(command))
  return command.action(async (...all: unknown[]) => {
    const flags = all.at(-2) as Flags & SharedFlags
    const args = all.slice(0, -2) as string[]
    spec.check?.(flags, args)
    if (spec.destructive) requireConsent(flags.yes)
    await run(spec, flags, args)
  })
}

interface SharedFlags extends ServerFlags {
  readonly json?: boolean
  readonly yes?: boolean
}

async function run<Flags>(
  { act, notFound }: ApiCommand<Flags>,
  flags: Flags & SharedFlags,
  args: readonly string[],
): Promise<void> {
  const server = await whichServer(flags)
  const { fetch, last } = listen()
  const anyKey = server.secretKey ?? server.machineKey
  if (anyKey === undefined) throw missingKey(server)
  warnOfPlainHttp(server)
  const clientWith = (secretKey: string | undefined, machineSecretKey: string) =>
    new Mintmark({
      serverURL: server.url,
      // A key that is not given would be looked for in the environment, which may be about another server.
      bearerAuth: secretKey ?? (() => Promise.reject(missingKey(server))),
      machineSecretKey,
      fetch,
      retryConfig: RETRIES,
    })
  let finish = async () => {}
  try {
    const show = await act({
      flags,
      args,
      server,
      mintmark: clientWith(server.secretKey, anyKey),
      as: (machineKey) => clientWith(machineKey, machineKey),
      confirm: (question) => confirm(flags.yes, question),
      afterwards: (work) => (finish = work),
    })
    if (flags.json) printJson(last())
    else await show()
    await finish()
  } catch (error) {
    throw toCliError(error, server, notFound)
  }
}

/** A person is waiting, and sees at once that nothing listens. */
const RETRIES = {
  strategy: 'backoff',
  backoff: { maxElapsedTime: 5_000 },
  retryConnectionErrors: false,
} as const

/** Keeps the last answer as the server wrote it: the client gives its fields the names of a program. */
function listen(): { readonly fetch: typeof globalThis.fetch; readonly last: () => unknown } {
  let body = 'null'
  return {
    async fetch(input, init) {
      const response = await globalThis.fetch(input, init)
      body = await response.clone().text()
      return response
    },
    last: () => JSON.parse(body) as unknown,
  }
}

export interface PageFlags {
  readonly limit: number
  readonly offset: number
}

export const addPage = (command: Command): Command =>
  command
    .option('--limit <COUNT>', 'How many at most.', wholeNumber, 50)
    .option('--offset <COUNT>', 'How many to leave out at the beginning.', wholeNumber, 0)
