/**
 * The command line. Data goes to stdout, messages to stderr; `--json` makes the data JSON. Exit codes:
 * 0 done, 1 it could not be done, 2 the call itself was wrong.
 */
import { Command, CommanderError } from 'commander'
import { AuthorityError } from '../core/errors.ts'
import { ConfigError } from '../server/config.ts'
import { StorageError } from '../storage/storage-error.ts'
import { VERSION } from '../version.ts'
import { auditCommand } from './commands/audit.ts'
import { configCommand } from './commands/config.ts'
import { devCommand } from './commands/dev.ts'
import { envCommand } from './commands/env.ts'
import { instancesCommand } from './commands/instances.ts'
import { migrateCommand } from './commands/migrate.ts'
import { serveCommand } from './commands/serve.ts'

export function createProgram(): Command {
  const program = new Command('mintmark')
    .description("A self-hosted token authority that speaks Clerk's Backend API.")
    .version(VERSION, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .showHelpAfterError('(mintmark --help tells more)')
    .addHelpText(
      'after',
      '\nStart here:\n  mintmark dev                 a server with keys to try, in ./.mintmark\n  mintmark env                 its keys, for your .env file\n  mintmark serve --data DIR    a server for production',
    )
  for (const command of [
    devCommand,
    serveCommand,
    envCommand,
    instancesCommand,
    auditCommand,
    configCommand,
    migrateCommand,
  ]) {
    program.addCommand(command())
  }
  exitByThrowing(program)
  return program
}

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  // Whatever a command writes is for the user who runs it, in a folder that others may read too.
  process.umask(0o077)
  // Who reads our output may have seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ConfigError || error instanceof StorageError) {
    process.stderr.write(`mintmark: ${error.message}\n`)
    return 1
  }
  if (error instanceof AuthorityError) {
    const { cause } = error
    process.stderr.write(`mintmark: ${cause instanceof Error ? cause.message : error.longMessage}\n`)
    return 1
  }
  process.stderr.write(
    `mintmark: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return 1
}

/** Commander would end the process by itself otherwise, and with 1 where the call is wrong. */
function exitByThrowing(command: Command): void {
  command.exitOverride().helpOption('-h, --help', 'Print this help.')
  command.commands.forEach(exitByThrowing)
}
