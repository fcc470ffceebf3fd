/** The commands in a piece of shell, taken apart as far as the checks have to look into them. */

/** @returns each command as its words, without assignments before it and redirections after it */
export function commandsIn(shell: string): readonly (readonly string[])[] {
  const { text, inner } = takeSubstitutions(
    shell
      .replaceAll(/<<-?\s*'?(?<end>\w+)'?(?<rest>.*)\n[^]*?\n\s*\k<end>$/gm, '$<rest>')
      .replaceAll(/^\s*\$ /gm, '')
      .replaceAll(/\\\n\s*/g, ' '),
  )
  return [...splitCommands(text), ...inner.flatMap(commandsIn)].map(withoutAssignments).filter(hasWords)
}

/** What is in `$(…)` is a command of its own; in its place stands a word. */
function takeSubstitutions(text: string): { readonly text: string; readonly inner: readonly string[] } {
  const inner: string[] = []
  let left = text
  for (let before = ''; before !== left;) {
    before = left
    left = left.replaceAll(/\$\((?<inner>[^()]*)\)/g, (_all, command: string) => {
      inner.push(command)
      return 'substituted'
    })
  }
  return { text: left, inner }
}

const TOKEN =
  /(?<comment>(?<=^|\s)#.*)|(?<end>[\n;&|(){}]+)|(?<redirect>\d?(?:>>|>&?|<)\s*[^\s;&|]+)|(?<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;&|<>()])+)/gm

function splitCommands(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  for (const { groups } of text.matchAll(TOKEN)) {
    if (groups!.end !== undefined) commands.push([])
    if (groups!.word !== undefined) commands.at(-1)!.push(unquote(groups!.word))
  }
  return commands
}

const unquote = (word: string): string =>
  word.replaceAll(/'(?<plain>[^']*)'|"(?<text>(?:\\.|[^"\\])*)"|\\(?<char>.)/g, '$<plain>$<text>$<char>')

/** Words that run the command after them. */
const RUNNERS = new Set([
  'sudo',
  'exec',
  'time',
  'npx',
  'env',
  'eval',
  'do',
  'then',
  'if',
  'while',
  'until',
  '!',
])

function withoutAssignments(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !RUNNERS.has(word) && !/^\w+=/.test(word))
  return first === -1 ? [] : words.slice(first)
}

const hasWords = (words: readonly string[]): boolean => words.length > 0
