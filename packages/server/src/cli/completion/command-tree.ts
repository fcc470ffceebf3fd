/** What can be typed, read off the commands themselves, for the scripts that complete it. */
import type { Command, Option } from 'commander'

export interface Completable {
  /** `mintmark tokens issue` */
  readonly path: string
  readonly commands: readonly Word[]
  readonly flags: readonly Flag[]
}

export interface Word {
  readonly name: string
  /** The first sentence. */
  readonly about: string
}

export interface Flag extends Word {
  readonly takesValue: boolean
  /** Values there are, if they are few. */
  readonly choices: readonly string[]
  readonly isPath: boolean
}

/** The program and every command under it. */
export function commandTree(command: Command, path: string = command.name()): readonly Completable[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  return [
    {
      path,
      commands: [
        ...commands.map((each) => ({ name: each.name(), about: firstSentence(each.description()) })),
        // A value that an argument may have stands where a command does.
        ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
          argChoices.map((name) => ({ name, about: firstSentence(description) })),
        ),
      ],
      flags: help
        .visibleOptions(command)
        .filter(({ long }) => long !== undefined)
        .map(toFlag),
    },
    ...command.commands.flatMap((each) => commandTree(each, `${path} ${each.name()}`)),
  ]
}

const toFlag = ({ long, description, required, argChoices, flags }: Option): Flag => ({
  name: long!,
  about: firstSentence(description),
  takesValue: required,
  choices: argChoices ?? [],
  isPath: /<(?:FILE|DIR)>/.test(flags),
})

const firstSentence = (text: string): string => /^.*?[.;](?= |$)|^.*/.exec(text)![0].replace(/[.;]$/, '')
