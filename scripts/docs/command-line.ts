/** The program that `mintmark` runs, as the reference page prints it and the checks of examples read it. */
import { createProgram } from '../../packages/server/src/cli/main.ts'

type Command = ReturnType<typeof createProgram>

export interface NamedCommand {
  /** With the names of the commands above it, as it is typed. */
  readonly name: string
  readonly command: Command
}

/** Every command, the program itself first, each before those under it. */
export const commandsOf = (command: Command = createProgram(), above = ''): readonly NamedCommand[] => {
  const name = `${above}${command.name()}`
  return [{ name, command }, ...command.commands.flatMap((each) => commandsOf(each, `${name} `))]
}

/** What `--help` prints, on a terminal of one width wherever this runs. */
export function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text.trimEnd()
}

/**
 * Reads a call as the program would, without doing it.
 *
 * @param partial prose may name a command without everything it needs
 * @returns what is wrong with it, or `null`
 */
export function faultOf(args: readonly string[], { partial }: { readonly partial: boolean }): string | null {
  const program = createProgram()
  for (const { command } of commandsOf(program)) {
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} }).exitOverride()
    // A command that only has commands under it keeps telling so; one that takes arguments is one itself too.
    if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(() => {})
  }
  try {
    program.parse(args, { from: 'user' })
    return null
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (error.exitCode === 0 || (partial && TOLERATED.has(error.code))) return null
    return error.message
  }
}

interface Refusal extends Error {
  readonly code: string
  readonly exitCode: number
}

const isRefusal = (error: unknown): error is Refusal => error instanceof Error && 'exitCode' in error

const TOLERATED = new Set([
  'commander.missingMandatoryOptionValue',
  'commander.missingArgument',
  'commander.help',
])
