/** Values of flags and arguments. What they cannot be is told with exit code 2, with how to write it. */
import { InvalidArgumentError, Option } from 'commander'
import { isSecret } from './redact.ts'

/** A flag's whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const LARGEST_FIRST = Object.entries(UNITS).toReversed()

/** `30s`, `15m`, `1h`, `7d` or a number of seconds. */
function duration(text: string): number {
  const groups = /^(?<count>\d{1,10})(?<unit>[smhd]?)$/.exec(text)?.groups
  if (groups === undefined) {
    throw new InvalidArgumentError('Write a length of time as 30s, 15m, 1h, 7d or a number of seconds.')
  }
  return Number(groups.count) * UNITS[(groups.unit || 's') as keyof typeof UNITS]
}

/** As `duration` reads it, in the largest unit that is exact. */
export function toDuration(seconds: number): string {
  const [unit, length] = LARGEST_FIRST.find(([, each]) => seconds >= each && seconds % each === 0) ?? ['s', 1]
  return `${seconds / length}${unit}`
}

/** A flag for a length of time, in seconds; its default is shown as people write it. */
export function durationOption(flags: string, description: string, defaultSeconds?: number): Option {
  const option = new Option(flags, description).argParser(duration)
  return defaultSeconds === undefined ? option : option.default(defaultSeconds, toDuration(defaultSeconds))
}

/** As long as the key before a new one may stay good. */
const LONGEST_OVERLAP = 28_800

/** For keys of machines and instances alike. */
export function overlapOption(description: string): Option {
  const limit = `${toDuration(LONGEST_OVERLAP)} at most`
  return durationOption('--overlap <DURATION>', `${description} ${limit}.`, 0).argParser((text) => {
    const overlap = duration(text)
    if (overlap > LONGEST_OVERLAP) throw new InvalidArgumentError(`It can be ${limit}.`)
    return overlap
  })
}

const DAY =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

/**
 * `2026-01-31T12:00:00Z` or with another zone, `2026-01-31` for its midnight in UTC, or `1h` for an hour ago.
 *
 * @returns milliseconds
 */
export function instant(text: string): number {
  if (/^\d{1,9}[smhd]$/.test(text)) return Date.now() - duration(text) * 1_000
  const { year, month, day } = DAY.exec(text)?.groups ?? {}
  // Some days that do not exist are read as days of the next month.
  const noon = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), 12))
  const at = noon.getUTCDate() === Number(day) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      'Write a time as 2026-01-31T12:00:00Z with its zone, a day that exists as 2026-01-31, or 1h for an hour ago.',
    )
  }
  return at
}

/** An origin as browsers write it. Origins are compared letter by letter, so that a star would be one. */
export function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, '')
  if (isOrigin && !url.host.includes('*')) return url.origin
  throw new InvalidArgumentError(
    'It must be an origin, such as https://app.example.com, without a path or a wildcard.',
  )
}

/** Collects origins, each of them once. */
export const eachOrigin = (text: string, before: readonly string[] = []): readonly string[] => [
  ...new Set([...before, origin(text)]),
]

/** The address of a page. */
export function pageUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username + url.password !== '') {
    throw new InvalidArgumentError('It must be the URL of a page, such as https://app.example.com/sign-in.')
  }
  return url.href
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('It must be JSON, such as \'{"job":"nightly"}\'.')
  }
}

export type JsonObject = Readonly<Record<string, unknown>>

export function jsonObject(text: string): JsonObject {
  const value = json(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new InvalidArgumentError('It must be a JSON object, such as \'{"job":"nightly"}\'.')
}

/** What people call a machine. A secret in its place is not sent anywhere. */
export function idOrName(text: string): string {
  if (isSecret(text)) {
    throw new InvalidArgumentError('It must be an id.')
  }
  return text
}

export function id(text: string): string {
  idOrName(text)
  if (!/^[\w-]{1,255}$/.test(text)) {
    throw new InvalidArgumentError(
      `${JSON.stringify(text)} is not an id: an id has letters, digits and underscores only.`,
    )
  }
  return text
}

/** Collects what is given more than once. */
export const each = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

type Given<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> }

/** The fields that have a value; a request has no others. */
export const given = <Fields extends object>(fields: Fields): Partial<Given<Fields>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<
    Given<Fields>
  >
