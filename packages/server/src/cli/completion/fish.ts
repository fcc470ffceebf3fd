import type { Completable, Flag, Word } from './command-tree.ts'

/** A script for fish 3.0 or newer. */
export const toFish = (tree: readonly Completable[]): string => `# Completion of mintmark for fish.
function __mintmark_at
  set -l at mintmark
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${tree
        .slice(1)
        .map(({ path }) => quoted(path))
        .join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c mintmark -f
${tree.flatMap(linesOf).join('\n')}`

const linesOf = ({ path, commands, flags }: Completable): readonly string[] => [
  ...commands.map((command) => `${at(path)} -a ${command.name}${about(command)}`),
  ...flags.map((flag) => `${at(path)} -l ${flag.name.slice(2)}${valueOf(flag)}${about(flag)}`),
]

const at = (path: string): string => `complete -c mintmark -n ${quoted(`__mintmark_at "${path}"`)}`

const valueOf = ({ takesValue, choices, isPath }: Flag): string => {
  if (isPath) return ' -r -F'
  if (choices.length > 0) return ` -x -a ${quoted(choices.join(' '))}`
  return takesValue ? ' -x' : ''
}

const about = (word: Word): string => ` -d ${quoted(word.about)}`

const quoted = (text: string): string =>
  `'${text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
