/** A page of Markdown, as far as the checks have to understand one. */

export interface Block {
  /** The first word after the fence. */
  readonly language: string
  /** What else stands there. */
  readonly info: string
  readonly text: string
  /** Of its first line of text. */
  readonly line: number
}

export interface Span {
  readonly text: string
  readonly line: number
}

export interface Page {
  readonly path: string
  readonly blocks: readonly Block[]
  /** What is between single backticks. */
  readonly code: readonly Span[]
  /** Where links and images point. */
  readonly targets: readonly Span[]
  /** What can stand after `#` in a link to this page. */
  readonly anchors: ReadonlySet<string>
}

const FENCE = /^(?<indent>\s*)(?<fence>`{3,}|~{3,})(?<info>.*)$/
const CODE = /(?<ticks>`+)(?<text>.+?)\k<ticks>(?!`)/g
const TARGETS = [
  /\]\((?<target>[^)\s]+)/g,
  /^\[[^\]]+\]:\s+(?<target>\S+)/g,
  /\b(?:href|src)="(?<target>[^"]+)"/g,
]

export function readPage(path: string, markdown: string): Page {
  const { blocks, prose } = splitBlocks(markdown.split('\n'))
  const code = prose.flatMap(({ text, line }) =>
    [...text.matchAll(CODE)].map(({ groups }) => ({ text: groups!.text!.trim(), line })),
  )
  const targets = prose.flatMap(({ text, line }) =>
    TARGETS.flatMap((pattern) =>
      [...text.replaceAll(CODE, '').matchAll(pattern)].map(({ groups }) => ({ text: groups!.target!, line })),
    ),
  )
  return { path, blocks, code, targets, anchors: anchorsOf(prose) }
}

function splitBlocks(lines: readonly string[]): { readonly blocks: Block[]; readonly prose: Span[] } {
  const blocks: Block[] = []
  const prose: Span[] = []
  for (let index = 0; index < lines.length; index++) {
    const opening = FENCE.exec(lines[index]!)?.groups
    if (!opening) {
      prose.push({ text: lines[index]!, line: index + 1 })
      continue
    }
    const closing = lines.findIndex(
      (text, at) => at > index && text.trim().startsWith(opening.fence!) && !FENCE.exec(text)?.groups?.info,
    )
    const end = closing === -1 ? lines.length : closing
    const [language = '', ...info] = opening.info!.trim().split(/\s+/)
    const text = lines.slice(index + 1, end).map((line) => line.replace(opening.indent!, ''))
    blocks.push({ language, info: info.join(' '), text: text.join('\n'), line: index + 2 })
    index = end
  }
  return { blocks, prose }
}

/** Headings as GitHub makes anchors of them, and those that are written as such. */
function anchorsOf(prose: readonly Span[]): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const { text } of prose) {
    for (const { groups } of text.matchAll(/<a (?:id|name)="(?<name>[^"]+)"/g)) anchors.add(groups!.name!)
    const heading = /^#{1,6} (?<text>.+)$/.exec(text)?.groups?.text
    if (heading === undefined) continue
    const slug = heading
      .replaceAll(/\[(?<text>[^\]]*)\]\([^)]*\)/g, '$<text>')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    let name = slug
    for (let count = 1; anchors.has(name); count++) name = `${slug}-${count}`
    anchors.add(name)
  }
  return anchors
}
