import type { Completable } from './command-tree.ts'

/** A script for bash 3.2 or newer. It calls nothing: what it knows was true when it was printed. */
export const toBash = (tree: readonly Completable[]): string => `# Completion of mintmark for bash.
_mintmark() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=mintmark word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${paths(tree)}) at="$at $word" ;;
    esac
  done
  case "$at $before" in
${tree.flatMap(valueCases).join('\n')}
  esac
  local words=
  case "$at" in
${tree.map(wordCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _mintmark mintmark`

const paths = (tree: readonly Completable[]): string =>
  tree
    .slice(1)
    .map(({ path }) => `'${path}'`)
    .join('|')

const valueCases = ({ path, flags }: Completable): readonly string[] =>
  flags
    .filter(({ takesValue }) => takesValue)
    .map(({ name, choices, isPath }) => {
      const reply = isPath
        ? 'compgen -f -- "$current"'
        : choices.length > 0
          ? `compgen -W '${choices.join(' ')}' -- "$current"`
          : null
      return `    '${path} ${name}') COMPREPLY=(${reply === null ? '' : `$(${reply})`}); return ;;`
    })

const wordCase = ({ path, commands, flags }: Completable): string =>
  `    '${path}') words='${[...commands, ...flags].map(({ name }) => name).join(' ')}' ;;`
