/**
 * The command line. Data goes to stdout, messages to stderr; `--json` makes the data JSON. Exit codes:
 * 0 done, 1 it could not be done, 2 the call itself was wrong.
 */
import { Command, CommanderError } from 'commander'
import { AuthorityError } from '../core/errors.ts'
import { ConfigError } from '../server/config.ts'
import { StorageError } from '../storage/storage-error.ts'
import { VERSION } from '../version.ts'
import { CliError } from './cli-error.ts'
import { keysCommand } from './commands/api/keys.ts'
import { machineTokensCommand } from './commands/api/machine-tokens.ts'
import { machinesCommand } from './commands/api/machines.ts'
import { actorTokensCommand } from './commands/api/sessions/actor-tokens.ts'
import { impersonateCommand } from './commands/api/sessions/impersonate.ts'
import { sessionsCommand } from './commands/api/sessions/sessions.ts'
import { signInTokensCommand } from './commands/api/sessions/sign-in-tokens.ts'
import { testingTokensCommand } from './commands/api/testing-tokens.ts'
import { tokensCommand } from './commands/api/tokens.ts'
import { usersCommand } from './commands/api/users.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommand } from './commands/database/backup.ts'
import { completionCommand } from './commands/completion.ts'
import { configCommand } from './commands/config.ts'
import { copyCommand } from './commands/database/copy.ts'
import { devCommand } from './commands/dev.ts'
import { envCommand } from './commands/env.ts'
import { helpCommand } from './commands/help.ts'
import { instancesCommand } from './commands/instances.ts'
import { migrateCommand } from './commands/database/migrate.ts'
import { restoreCommand } from './commands/database/restore.ts'
import { serveCommand } from './commands/serve.ts'
import { statsCommand } from './commands/database/stats.ts'
import { printableLines, watchStdout } from './output.ts'
import { redact } from './redact.ts'
import { shareUsage } from './usage.ts'

/** These tell of all others. */
const ABOUT = 'About this program:'

/** By their names. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, () => Command>>>> = {
  'Run a server:': { dev: devCommand, serve: serveCommand },
  'Beside a server, on its data folder:': {
    env: envCommand,
    instances: instancesCommand,
    audit: auditCommand,
    config: configCommand,
    migrate: migrateCommand,
    backup: backupCommand,
    restore: restoreCommand,
    copy: copyCommand,
    stats: statsCommand,
  },
  'Call a server, here or elsewhere:': {
    machines: machinesCommand,
    tokens: tokensCommand,
    'machine-tokens': machineTokensCommand,
    'testing-tokens': testingTokensCommand,
    impersonate: impersonateCommand,
    'actor-tokens': actorTokensCommand,
    'sign-in-tokens': signInTokensCommand,
    sessions: sessionsCommand,
    users: usersCommand,
    keys: keysCommand,
  },
  [ABOUT]: { completion: completionCommand, help: helpCommand },
}

/** @param only the one command that is wanted, where nothing has to know of the others */
export function createProgram(only?: string): Command {
  const program = new Command('mintmark')
    .description("A self-hosted token authority that speaks Clerk's Backend API.")
    .version(VERSION, '-V, --version', 'Print the version.')
    // A flag belongs to the command that it stands behind, also where that has commands under it.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nStart here:\n  mintmark dev                 a server with keys to try, in ./.mintmark\n  mintmark env                 its keys, for your .env file\n  mintmark machines list       its machines, which issue tokens\n  mintmark serve --data DIR    a server for production',
    )
  for (const [heading, commands] of Object.entries(GROUPS)) {
    for (const [name, command] of Object.entries(commands)) {
      if (only === undefined || only === name) program.addCommand(command().helpGroup(heading))
    }
  }
  shareUsage(program)
  // It has a help command of its own.
  return program.helpCommand(false)
}

/** A server that starts need not wait until the flags of all other commands are set up. */
function namedBy([first = '']: readonly string[]): string | undefined {
  const isNamed = Object.entries(GROUPS).some(
    ([heading, commands]) => heading !== ABOUT && Object.hasOwn(commands, first),
  )
  return isNamed ? first : undefined
}

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  // Whatever a command writes is for the user who runs it, in a folder that others may read too.
  process.umask(0o077)
  watchStdout()
  process.stderr.on('error', () => {})
  try {
    await createProgram(namedBy(args)).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  // What a server, a file or an argument said may be in it.
  process.stderr.write(`mintmark: ${printableLines(redact(messageOf(error)))}\n`)
  return error instanceof CliError ? error.exitCode : 1
}

function messageOf(error: unknown): string {
  if (error instanceof CliError || error instanceof ConfigError || error instanceof StorageError) {
    return error.message
  }
  if (error instanceof AuthorityError) {
    const { cause } = error
    return cause instanceof Error ? cause.message : error.longMessage
  }
  return `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
