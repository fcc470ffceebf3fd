/** Data for programs or for people, on stdout; messages on stderr. */
import { styleText } from 'node:util'

/** One line of data. What is in it may come from a server that is not ours, so no terminal acts on it. */
export const print = (line: string): void => writeLine(printable(line))

/** Lines that this program wrote itself. */
export const printLines = (text: string): void => writeLine(printableLines(text))

export const printJson = (value: unknown): void => printLines(JSON.stringify(value, null, 2))

/** One JSON object a line, for what has no end. */
export const printJsonLine = (value: unknown): void => print(JSON.stringify(value))

/** One line for the person in front of the command. */
export const say = (message: string): void => void process.stderr.write(`${printable(message)}\n`)

const writeLine = (text: string): void => void process.stdout.write(`${text}\n`)

/** What a system's code means, in words; some more are as good as their code. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large',
  EIO: 'the device failed',
}

export const unwritable = ({ code = 'unknown' }: NodeJS.ErrnoException): string =>
  `stdout cannot be written: ${REASONS[code] ?? code}.`

/** Ends the process once stdout takes no more. Who reads it may have seen enough: that is no fault. */
export function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    say(`mintmark: ${unwritable(error)}`)
    process.exit(1)
  })
}

/** For what is of no use unless it was read to its end: then a reader that goes away is a fault. */
export function requireReader(what: string): void {
  process.stdout.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return
    say(`mintmark: The reader closed stdout: the ${what} is not whole.`)
    process.exit(1)
  })
}

export type Colour = 'green' | 'yellow' | 'red' | 'bold'

/** A text to be shown, in a colour where the terminal has some. */
export type Cell = string | { readonly text: string; readonly colour: Colour }

/**
 * Rows under their titles, each column as wide as it needs.
 *
 * @param leastImportant titles of columns that a narrow terminal does not get, the first to go first
 */
export function printTable(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  leastImportant: readonly string[] = [],
): void {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[column]!).length)),
  )
  const leftOut = columnsTooMany(titles, widths, leastImportant)
  for (const row of [titles.map((text): Cell => ({ text, colour: 'bold' })), ...rows])
    writeLine(
      row
        .map((cell, column) => padded(cell, widths[column]!))
        .filter((_cell, column) => !leftOut.includes(titles[column]!))
        .join(GAP)
        .trimEnd(),
    )
  if (leftOut.length > 0)
    say(`The terminal is too narrow for ${leftOut.join(', ')}; --json prints everything.`)
}

const GAP = '  '

function columnsTooMany(
  titles: readonly string[],
  widths: readonly number[],
  leastImportant: readonly string[],
): readonly string[] {
  // Not there in a pipe, and 0 in a terminal that does not know.
  const { columns } = process.stdout
  if (!columns) return []
  const spaceOf = (title: string) => widths[titles.indexOf(title)]! + GAP.length
  let space = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length)
  const leftOut: string[] = []
  for (const title of leastImportant) {
    if (space <= columns) break
    space -= spaceOf(title)
    leftOut.push(title)
  }
  return leftOut
}

/** One thing: a line for each of what is known of it. */
export function printRecord(lines: readonly (readonly [label: string, value: Cell])[]): void {
  const width = Math.max(...lines.map(([label]) => label.length))
  for (const [label, value] of lines) writeLine(`${label.padEnd(width)}  ${padded(value, 0)}`)
}

const textOf = (cell: Cell): string => printable(typeof cell === 'string' ? cell : cell.text)

/** Padded first: what colours a text has no width. `styleText` knows of NO_COLOR and of what is no terminal. */
function padded(cell: Cell, width: number): string {
  const text = textOf(cell)
  const space = ' '.repeat(Math.max(0, width - text.length))
  if (typeof cell === 'string') return text + space
  return styleText(cell.colour, text, { stream: process.stdout }) + space
}

/** What a terminal would act on: control characters of both sets, line separators and marks of direction. */
// oxlint-disable-next-line no-control-regex -- Control characters are what it is about.
const ACTED_ON = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Such characters are shown as they would be written: names and reasons come from callers. */
export const printable = (text: string): string => text.replaceAll(ACTED_ON, escaped)

/** The same, but for the ends of lines. JSON stays what it was: within its strings an escape means the character. */
export const printableLines = (text: string): string =>
  text.replaceAll(ACTED_ON, (character) => (character === '\n' ? character : escaped(character)))
