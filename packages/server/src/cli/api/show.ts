/** Answers of the API for people: times in UTC, lengths in their units. */
import { printRecord, printTable, say, type Cell, type Colour } from '../output.ts'
import { toDuration } from '../values.ts'

/** One column: its title, and what it shows of a row. */
export type Column<Row> = readonly [title: string, cell: (row: Row) => Cell]

export interface Page<Row> {
  readonly data: readonly Row[]
  readonly totalCount: number
}

/**
 * A table on stdout; on stderr, where it is not everything, how much of it there is.
 *
 * @param leastImportant titles of columns that a narrow terminal does not get, the first to go first
 */
export function showPage<Row>(
  { data, totalCount }: Page<Row>,
  offset: number | undefined,
  columns: readonly Column<Row>[],
  leastImportant: readonly string[] = [],
): void {
  if (totalCount === 0) return say('There are none.')
  printTable(
    columns.map(([title]) => title),
    data.map((row) => columns.map(([, cell]) => cell(row))),
    leastImportant,
  )
  const end = (offset ?? 0) + data.length
  if (data.length === totalCount) return undefined
  say(`${data.length} of ${totalCount}${end < totalCount ? `; --offset ${end} shows what follows` : ''}`)
}

/** Lines without a value are left out. */
export function showRecord(lines: Readonly<Record<string, Cell | null | undefined>>): void {
  printRecord(Object.entries(lines).filter((line): line is [string, Cell] => line[1] != null))
}

export const plain = (text: string | null | undefined): string =>
  text === null || text === undefined || text === '' ? '-' : text

/** Unix time in milliseconds, to the second; as it came, if it is none. */
export function time(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return 'never'
  const date = new Date(millis)
  return Number.isNaN(date.getTime()) ? plain(String(millis)) : date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** Unix time in seconds. */
export const timeOfSeconds = (seconds: number): string => time(seconds * 1000)

export const length = (seconds: number | undefined): string =>
  seconds === undefined ? '-' : toDuration(seconds)

export const compact = (value: unknown): string =>
  value === null || value === undefined ? '-' : JSON.stringify(value)

/** Who acts, by the name that stands for them. */
export const actorOf = ({ sub }: { readonly sub?: unknown }): string =>
  typeof sub === 'string' ? plain(sub) : compact(sub)

const COLOURS: Readonly<Record<string, Colour>> = {
  active: 'green',
  next: 'green',
  pending: 'green',
  accepted: 'yellow',
  retiring: 'yellow',
  expired: 'yellow',
  retired: 'yellow',
  revoked: 'red',
  used: 'yellow',
  'used up': 'yellow',
  ended: 'yellow',
  replaced: 'yellow',
  abandoned: 'yellow',
  removed: 'red',
}

export const state = (text: string): Cell =>
  Object.hasOwn(COLOURS, text) ? { text, colour: COLOURS[text]! } : text
