/**
 * The form of a backup: lines of JSON, compressed with gzip. First a header; then for each table a line with its
 * name and columns, and a line for each row, bytes as base64; last the count and the SHA-256 of each table's
 * lines, and of the header. It is the same whichever store it was taken from.
 */
import { createHash } from 'node:crypto'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { SqlConnection } from '../sql-connection.ts'
import { StorageError } from '../storage-error.ts'
import { createSum, type Sum } from './pages.ts'
import { TABLES, type Column, type Row, type Table, type Value } from './tables.ts'

export const FORMAT = 'mintmark-backup'
export const FORMAT_VERSION = 1

export interface Header {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  /** Of the program that wrote it. */
  readonly release: string
  /** What it was taken from. */
  readonly store: SqlConnection['dialect']
  /** Milliseconds; just before the moment whose data it has. */
  readonly createdAt: number
  /** Where the revocation log stood. */
  readonly log: { readonly epoch: string; readonly position: number }
  /** The highest number of an audit event; 0 if there is none. */
  readonly lastAuditNumber: number
  /** The columns of each table. */
  readonly schema: Readonly<Record<string, readonly string[]>>
}

export interface Trailer {
  readonly end: { readonly header: string; readonly tables: Readonly<Record<string, Sum>> }
}

export const digestOf = (line: string): string => createHash('sha256').update(line).digest('hex')

/** What is thrown here begins with its verb: who hands it on puts the file's name before it. */
const damaged = (what: string): StorageError =>
  new StorageError(`is damaged or cut off (${what}). Nothing of it was kept.`)

export interface Archive {
  readonly header: Header
  /** The rows of each table in turn; to be read to the end, which says whether they are all. */
  readonly batches: AsyncGenerator<{ readonly table: Table; readonly rows: readonly Row[] }>
}

/**
 * @param name what the user calls the source; each error begins with it
 * @throws {StorageError} if it is no backup, or not one that this release can read
 */
export async function readArchive(source: Readable, name: string): Promise<Archive> {
  try {
    const { header, batches } = await readHeader(source)
    return { header, batches: named(batches, name) }
  } catch (error) {
    throw withName(error, name)
  }
}

async function* named(batches: Archive['batches'], name: string): Archive['batches'] {
  try {
    yield* batches
  } catch (error) {
    throw withName(error, name)
  }
}

const withName = (error: unknown, name: string): unknown =>
  error instanceof StorageError ? new StorageError(`${name} ${error.message}`, { cause: error }) : error

async function readHeader(source: Readable): Promise<Archive> {
  const lines = linesOf(source)
  const head = await lines.next()
  const [first = '', ...rest] = head.done ? [] : head.value
  const header = parse(first) as Partial<Header> | undefined
  if (header?.format !== FORMAT) throw new StorageError('is not a backup of Mintmark.')
  if (header.version !== FORMAT_VERSION) {
    throw new StorageError(
      `has format ${String(header.version)} and this release reads ${FORMAT_VERSION}. Use the release that made it, ${String(header.release)}.`,
    )
  }
  if (!isHeader(header)) throw damaged('its header is not whole')
  return { header, batches: readTables(lines, rest, first) }
}

const isHeader = (header: Partial<Header>): header is Header =>
  Number.isSafeInteger(header.createdAt) &&
  Number.isSafeInteger(header.lastAuditNumber) &&
  typeof header.log === 'object' &&
  (header.store === 'sqlite' || header.store === 'postgres')

/** A table as it is in the file: its columns may be fewer, if it is of an older release. */
interface Reading {
  readonly table: Table
  readonly places: readonly number[]
  readonly width: number
  readonly sum: ReturnType<typeof createSum>
}

async function* readTables(
  lines: AsyncIterable<readonly string[]>,
  rest: readonly string[],
  header: string,
): Archive['batches'] {
  let reading: Reading | null = null
  let ended = false
  const sums: Record<string, Sum> = {}
  for await (const batch of withFirst(rest, lines)) {
    let rows: Row[] = []
    for (const line of batch) {
      if (ended) throw damaged('something follows its end')
      if (line.startsWith('[') && reading !== null) {
        rows.push(toRow(line, reading))
        continue
      }
      if (reading !== null) {
        if (rows.length > 0) yield { table: reading.table, rows }
        rows = []
        sums[reading.table.name] = reading.sum.end()
      }
      const parsed = parse(line) as (Partial<Trailer> & Record<string, unknown>) | undefined
      ended = parsed?.end !== undefined
      if (ended) checkSums(parsed!.end, digestOf(header), sums)
      else reading = beginTable(parsed, reading?.table ?? null)
    }
    if (reading !== null && rows.length > 0) yield { table: reading.table, rows }
  }
  if (!ended) throw damaged('its end is missing')
}

async function* withFirst<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}

function beginTable(line: Record<string, unknown> | undefined, before: Table | null): Reading {
  const { table: name, columns } = line ?? {}
  if (typeof name !== 'string' || !Array.isArray(columns)) throw damaged('a line cannot be read')
  const table = TABLES.find((each) => each.name === name)
  const unknown: unknown = table === undefined ? name : columns.find((column) => !hasColumn(table, column))
  if (table === undefined || unknown !== undefined) {
    throw new StorageError(
      `has something that this release does not know (${String(unknown)}). Use the release that made it, or a newer one.`,
    )
  }
  if (before !== null && TABLES.indexOf(table) <= TABLES.indexOf(before)) throw damaged('its order is wrong')
  const places = table.columns.map((column) => columns.indexOf(column.name))
  const missing = table.columns.find((column, index) => places[index] === -1 && !column.nullable)
  if (missing !== undefined) throw damaged(`${table.name} has no ${missing.name}`)
  return { table, places, width: columns.length, sum: createSum() }
}

const hasColumn = (table: Table, column: unknown): boolean =>
  table.columns.some(({ name }) => name === column)

function toRow(line: string, { table, places, width, sum }: Reading): Row {
  const values = parse(line)
  if (!Array.isArray(values) || values.length !== width) throw damaged(`a row of ${table.name}`)
  sum.add([`${line}\n`])
  return table.columns.map((column, index) => {
    const place = places[index]!
    return place === -1 ? null : toValue(column, values[place], table)
  })
}

function toValue({ kind, nullable }: Column, value: unknown, table: Table): Value {
  if (value === null && nullable) return null
  if (kind === 'integer' && Number.isSafeInteger(value)) return value as number
  if (kind === 'text' && typeof value === 'string') return value
  if (kind === 'bytes' && typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'))
  throw damaged(`a row of ${table.name}`)
}

function checkSums(
  end: Trailer['end'] | undefined,
  header: string,
  found: Readonly<Record<string, Sum>>,
): void {
  if (end?.header !== header) throw damaged('its header was altered')
  const names = new Set([...Object.keys(end.tables ?? {}), ...Object.keys(found)])
  for (const name of names) {
    const [said, is] = [end.tables?.[name], found[name]]
    if (said === undefined || said.rows !== is?.rows || said.sha256 !== is.sha256) {
      throw damaged(`${name} is not what it was`)
    }
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** No line of ours comes near. */
const LONGEST_LINE = 16_777_216

async function* linesOf(source: Readable): AsyncGenerator<readonly string[]> {
  // It ends with the source's error, too.
  const chunks = pipeline(source, createGunzip(), () => {}) as AsyncIterable<Buffer>
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = ''
  try {
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      if (rest.length > LONGEST_LINE) throw damaged('a line has no end')
      if (lines.length > 0) yield lines
    }
  } catch (error) {
    if (error instanceof StorageError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'Z_DATA_ERROR') throw damaged('it cannot be unpacked')
    throw new StorageError('cannot be unpacked: it is damaged, or not a backup of Mintmark.', {
      cause: error,
    })
  }
  if (rest !== '') throw damaged('its last line has no end')
}
