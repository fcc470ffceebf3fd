/** Writes everything that is kept, as it was at one moment, while others go on writing. */
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { LogHead } from '../../revocation/log.ts'
import { READ_HEAD } from '../sql/revocation-log.ts'
import type { SqlConnection } from '../sql-connection.ts'
import { digestOf, FORMAT, FORMAT_VERSION, type Header, type Trailer } from './archive.ts'
import { beginSnapshot, openSource, type Place } from './connection.ts'
import { countRows, createSum, readPages, toLine, type Sum } from './pages.ts'
import { TABLES } from './tables.ts'

export interface BackupOptions {
  /** Of this program. */
  readonly release: string
  /** Told how many of all rows were written; all are counted first only if somebody wants to know. */
  readonly onProgress: ((done: number, total: number) => void) | null
}

export interface BackupSummary {
  readonly header: Header
  readonly tables: Readonly<Record<string, Sum>>
}

/** @throws {StorageError} if the database cannot be used as it is; then what `sink` has got is no backup */
export async function backup(place: Place, sink: Writable, options: BackupOptions): Promise<BackupSummary> {
  const { sql, close } = await openSource(place)
  try {
    // Whatever has happened a minute before this moment is in what is read next, also if clocks differ a little.
    const createdAt = Date.now()
    await beginSnapshot(sql)
    const header = await describe(sql, options.release, createdAt)
    const total = options.onProgress === null ? 0 : await countRows(sql, TABLES)
    const tables: Record<string, Sum> = {}
    const text = write(sql, header, tables, (done) => options.onProgress?.(done, total))
    await pipeline(Readable.from(text), createGzip({ level: 6 }), sink)
    await sql.run('commit')
    return { header, tables }
  } finally {
    await close()
  }
}

async function describe(sql: SqlConnection, release: string, createdAt: number): Promise<Header> {
  const { last } = (await sql.get<{ last: number | null }>('select max(number) as last from audit_events'))!
  const { epoch, position } = (await sql.get<LogHead>(READ_HEAD))!
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    release,
    store: sql.dialect,
    createdAt,
    log: { epoch, position },
    lastAuditNumber: last ?? 0,
    schema: Object.fromEntries(
      TABLES.map(({ name, columns }) => [name, columns.map((column) => column.name)]),
    ),
  }
}

/** @param tables gets the sum of each table */
async function* write(
  sql: SqlConnection,
  header: Header,
  tables: Record<string, Sum>,
  onRows: (done: number) => void,
): AsyncGenerator<string> {
  const head = JSON.stringify(header)
  yield `${head}\n`
  let done = 0
  for (const table of TABLES) {
    const bytes = table.columns.filter(({ kind }) => kind === 'bytes').map(({ name }) => name)
    const line = {
      table: table.name,
      columns: header.schema[table.name],
      ...(bytes.length > 0 && { base64: bytes }),
    }
    yield `${JSON.stringify(line)}\n`
    const sum = createSum()
    for await (const rows of readPages(sql, table)) {
      const lines = rows.map(toLine)
      sum.add(lines)
      yield lines.join('')
      onRows((done += rows.length))
    }
    tables[table.name] = sum.end()
  }
  yield `${JSON.stringify({ end: { header: digestOf(head), tables } } satisfies Trailer)}\n`
}
