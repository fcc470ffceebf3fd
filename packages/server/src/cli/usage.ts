/** How every command says that the call was wrong, and how it ends: commander would end the process itself. */
import type { Command } from 'commander'
import { printable } from './output.ts'
import { redact } from './redact.ts'

/** Applied to a command and all under it. */
export function shareUsage(command: Command, path: string = command.name()): void {
  command
    .exitOverride()
    // Else it leaves long what stands behind a long flag.
    .configureHelp({ minWidthToWrap: 20 })
    .helpOption('-h, --help', 'Print this help.')
    .showHelpAfterError(`(${path} --help tells more)`)
    .configureOutput({ outputError: (text, write) => write(toMessage(text)) })
  if (command.commands.length > 0) command.helpCommand('help [command]', 'Print the help of a command.')
  for (const each of command.commands) shareUsage(each, `${path} ${each.name()}`)
}

const WHERE_SECRETS_GO =
  '(A secret was given as an argument, where others may see it: use stdin, a file or the environment.)'

/** Without the dashes, npm keeps the flag to itself and passes its value. */
const HOW_NPM_PASSES_FLAGS = '(Flags go behind two dashes: npm start -- --port 4200)'

/** What was typed may be a secret, or act on the terminal. */
function toMessage(text: string): string {
  const mistake = redact(text)
    .replace(/^error: /, '')
    // After `=` comes a value, as in `--secret-key=…`.
    .replace(/^(unknown option '[^'=]*)=[^']*'/, "$1'")
    // Its own sentence says what it must be.
    .replace(/^command-argument value '[\s\S]*?' is invalid for argument '[\w-]+'\. (?=\S)/, '')
    // The list of what was too many repeats what was typed.
    .replace(/^(too many arguments.* but got \d+): [\s\S]*$/, '$1.')
  const lines = mistake.trimEnd().split('\n').map(printable)
  if (mistake.startsWith("too many arguments for 'dev'")) lines.push(HOW_NPM_PASSES_FLAGS)
  if (redact(text) !== text) lines.push(WHERE_SECRETS_GO)
  return `mintmark: ${lines.join('\n')}\n`
}
