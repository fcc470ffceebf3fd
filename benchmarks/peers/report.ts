/** What a run saw, in Markdown as the README has it, and as one line of JSON. */
import { cpus } from 'node:os'
import type { Row } from './measure.ts'

export interface Report {
  readonly settings: {
    readonly tokens: number
    readonly seconds: number
    readonly slices: number
    readonly connections: number
  }
  readonly contenders: readonly {
    readonly name: string
    readonly version: string
    readonly durability: string
    readonly rssMb: number
  }[]
  /** Sentences about who is not among them. */
  readonly skipped: readonly string[]
  readonly bareRssMb: number
  readonly verify: readonly Row[]
  readonly issue: readonly Row[]
}

const FLOOR = 'bare `node:http`'

/** How many times as much as these ours wants to do. */
const AIMS = [
  { work: 'verify', name: 'oidc-provider on SQLite', aim: 3 },
  { work: 'verify', name: 'Better Auth on SQLite', aim: 10 },
  { work: 'issue', name: 'oidc-provider on SQLite', aim: 2 },
  { work: 'issue', name: 'Better Auth on SQLite', aim: 5 },
] as const

export function report(seen: Report): void {
  const { settings, contenders, skipped, bareRssMb, verify, issue } = seen
  const date = new Date().toISOString().slice(0, 10)
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`
  const { tokens, seconds, slices, connections } = settings
  const kept = contenders.map((each) => [each.name, each.version, each.durability, String(each.rssMb)])
  const sections = [
    `On ${date}: ${machine}; ${tokens.toLocaleString('en')} live tokens each, ${connections} connections, ` +
      `medians of ${slices} slices of ${seconds} s; each server on one core, the load on the other.`,
    table(
      ['contender', 'version', 'tokens are in', 'RSS after, MB'],
      [...kept, [FLOOR, process.versions.node, '-', String(bareRssMb)]],
    ),
    rates('verify', verify),
    rates('issue', issue),
    aims(seen),
    ...skipped,
  ]
  console.log(`\n${sections.filter((text) => text !== '').join('\n\n')}\n`)
  console.log(JSON.stringify({ date, machine, ...seen }))
}

function rates(work: string, rows: readonly Row[]): string {
  const heads = ['per second', `of ${FLOOR}`, 'ours does', 'by CPU', 'CPU each, µs', 'p50, ms', 'p99, ms']
  const floor = [FLOOR, range(rows.map(({ floor }) => floor)), '1', '-', '-', '-', '-', '-']
  return table(
    [work, ...heads],
    [
      ...rows.map((row) => [
        row.name,
        Math.round(row.perSecond).toLocaleString('en'),
        row.ofFloor.toFixed(3),
        times(row.firstIsTimes),
        times(row.firstIsTimesByProcessor),
        row.processorUs.toFixed(0),
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(1),
      ]),
      floor,
    ],
  )
}

const times = (ratio: number): string => `${ratio.toFixed(2)} ×`

/** The floor moves as the machine does, so both ends of its medians are told. */
function range(numbers: readonly number[]): string {
  const shown = [Math.min(...numbers), Math.max(...numbers)].map((each) =>
    Math.round(each).toLocaleString('en'),
  )
  return shown.join(' to ')
}

function aims({ verify, issue }: Report): string {
  const rows = AIMS.flatMap(({ work, name, aim }) => {
    const row = { verify, issue }[work].find((each) => each.name === name)
    if (row === undefined) return []
    return [[`${work}, to ${name}`, times(row.firstIsTimes), times(row.firstIsTimesByProcessor), `${aim} ×`]]
  })
  if (rows.length === 0) return ''
  return table(['ours on SQLite', 'does', 'by CPU', 'aim'], rows)
}

/** With columns as wide as their widest cell, which is how the formatter would write it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, column) =>
    Math.max(3, text.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
