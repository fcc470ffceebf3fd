import { Argument, Command, InvalidArgumentError } from 'commander'
import { toBash } from '../completion/bash.ts'
import { commandTree } from '../completion/command-tree.ts'
import { toFish } from '../completion/fish.ts'
import { toZsh } from '../completion/zsh.ts'
import { printLines } from '../output.ts'

const SCRIPTS = { bash: toBash, zsh: toZsh, fish: toFish } as const

export function completionCommand(): Command {
  return new Command('completion')
    .description('Print a script that completes commands and flags in your shell.')
    .addArgument(new Argument('<shell>', 'Which shell.').choices(Object.keys(SCRIPTS)).argParser(shell))
    .addHelpText(
      'after',
      '\nExamples:\n  eval "$(mintmark completion bash)"        # in ~/.bashrc\n  eval "$(mintmark completion zsh)"         # in ~/.zshrc, after compinit\n  mintmark completion fish > ~/.config/fish/completions/mintmark.fish',
    )
    .action((name: keyof typeof SCRIPTS, _flags: unknown, command: Command) => {
      printLines(SCRIPTS[name](commandTree(command.parent!)))
    })
}

function shell(text: string): string {
  if (Object.hasOwn(SCRIPTS, text)) return text
  throw new InvalidArgumentError('The shell must be bash, zsh or fish.')
}
