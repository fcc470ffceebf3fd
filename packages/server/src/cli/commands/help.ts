import { Command } from 'commander'

/** Also of a command of a command: `help audit tail`. */
export function helpCommand(): Command {
  return new Command('help')
    .description('Print the help of a command.')
    .argument('[command...]')
    .action((names: readonly string[], _flags: unknown, help: Command) => {
      let command = help.parent!
      for (const name of names) {
        const next = command.commands.find((each) => each.name() === name)
        if (next === undefined) command.error(`error: unknown command '${name}'`)
        else command = next
      }
      command.outputHelp()
    })
}
