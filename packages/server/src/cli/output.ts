/** Data for programs or for people, on stdout. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`)

export const printJson = (value: unknown): void => print(printableJson(JSON.stringify(value, null, 2)))

/** One JSON object a line, for what has no end. */
export const printJsonLine = (value: unknown): void => print(printableJson(JSON.stringify(value)))

export const say = (message: string): void => void process.stderr.write(`${message}\n`)

/** Rows under their titles, each column as wide as it needs. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  for (const row of [titles, ...rows])
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
}

/** What a terminal would act on: control characters of both sets, line separators and marks of direction. */
// oxlint-disable-next-line no-control-regex -- Control characters are what it is about.
const ACTED_ON = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Such characters are shown as they would be written: names and reasons come from callers. */
export const printable = (text: string): string => text.replaceAll(ACTED_ON, escaped)

/** The same for JSON, which stays what it was: within its strings an escape means the character. */
const printableJson = (text: string): string =>
  text.replaceAll(ACTED_ON, (character) => (character === '\n' ? character : escaped(character)))
