import type { Completable, Flag, Word } from './command-tree.ts'

/** A script for zsh, to be sourced or to lie in a folder of \`fpath\` as \`_mintmark\`. */
export const toZsh = (tree: readonly Completable[]): string => `#compdef mintmark
# Completion of mintmark for zsh.
_mintmark() {
  local at=mintmark before=\${words[CURRENT-1]} word
  local -a commands flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      (${tree
        .slice(1)
        .map(({ path }) => quoted(path))
        .join('|')}) at="$at $word" ;;
    esac
  done
  case "$at $before" in
${tree.flatMap(({ path, flags }) => flags.filter(({ takesValue }) => takesValue).map((flag) => valueCase(path, flag))).join('\n')}
  esac
  case "$at" in
${tree.map(wordCase).join('\n')}
  esac
  _describe command commands
  _describe -o flag flags
}
if [[ \${funcstack[1]} = _mintmark ]]; then _mintmark "$@"; else compdef _mintmark mintmark; fi`

const wordCase = ({ path, commands, flags }: Completable): string =>
  `    (${quoted(path)}) commands=(${commands.map(described).join(' ')}) flags=(${flags.map(described).join(' ')}) ;;`

const valueCase = (path: string, { name, choices, isPath }: Flag): string => {
  const values = isPath ? '_files; ' : choices.length > 0 ? `compadd -- ${choices.join(' ')}; ` : ''
  return `    (${quoted(`${path} ${name}`)}) ${values}return ;;`
}

const described = ({ name, about }: Word): string =>
  quoted(`${name}:${about.replaceAll(':', String.raw`\:`)}`)

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
