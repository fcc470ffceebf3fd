/**
 * Guards: a function has at most 40 lines of its own. Blank lines, comments and the lines of functions
 * within it do not count, so that a table of routes or a port made of small functions stays one piece.
 */
const MOST = 40

interface Node {
  readonly type: string
  readonly range: readonly [number, number]
  readonly loc: { readonly start: { readonly line: number }; readonly end: { readonly line: number } }
}

interface Context {
  readonly sourceCode: { readonly lines: readonly string[]; getAllComments(): readonly Node[] }
  report(finding: { readonly node: Node; readonly message: string }): void
}

const maxOwnLines = {
  create(context: Context) {
    const open: { own: number }[] = []
    let counts: (line: number) => boolean

    const enter = () => void open.push({ own: 0 })
    const leave = (node: Node) => {
      const { own: inner } = open.pop()!
      const lines = countLines(node, counts)
      const own = lines - inner
      // The first line of an inner function is also a line of the outer one.
      if (open.length > 0) open.at(-1)!.own += Math.max(0, lines - 1)
      if (own > MOST)
        context.report({ node, message: `This function has ${own} lines of its own, more than ${MOST}.` })
    }
    return {
      Program: () => (counts = linesOfCode(context.sourceCode)),
      FunctionDeclaration: enter,
      'FunctionDeclaration:exit': leave,
      FunctionExpression: enter,
      'FunctionExpression:exit': leave,
      ArrowFunctionExpression: enter,
      'ArrowFunctionExpression:exit': leave,
    }
  },
}

function countLines({ loc }: Node, counts: (line: number) => boolean): number {
  let count = 0
  for (let line = loc.start.line; line <= loc.end.line; line++) if (counts(line)) count++
  return count
}

/** Tells a line that holds code from one that is blank or only part of a comment. */
function linesOfCode(source: Context['sourceCode']): (line: number) => boolean {
  const silent = new Set(
    source.lines.flatMap((text, index) => (/^\s*(?:\/\/.*)?$/.test(text) ? [index + 1] : [])),
  )
  for (const { loc } of source.getAllComments()) {
    for (let line = loc.start.line; line <= loc.end.line; line++) {
      if (/^\s*(?:\/\*|\*)/.test(source.lines[line - 1]!)) silent.add(line)
    }
  }
  return (line) => !silent.has(line)
}

export default { meta: { name: 'functions' }, rules: { 'max-own-lines': maxOwnLines } }
