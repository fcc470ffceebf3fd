/** One connection, for what is done before or beside requests; and what has to be true of a server. */
import type { SqlConnection } from '../sql-connection.ts'
import { StorageError } from '../storage-error.ts'
import { connectClient, type ConnectOptions } from './connect.ts'
import { createSql, createStatements } from './connection.ts'
import { createHosts } from './hosts.ts'

/** Nobody stands behind a request when a command looks at whole tables. */
export const COMMAND_TIMEOUT_MS = 3_600_000

export interface Connected {
  readonly sql: SqlConnection
  close(): Promise<void>
}

/** One connection for a command. @throws {StorageError} if it cannot be reached */
export const connectForCommand = (url: string): Promise<Connected> =>
  connect({ hosts: createHosts(url), pooled: false, queryTimeoutMs: COMMAND_TIMEOUT_MS })

/** As `connectForCommand`, closed in the end. */
export const withPostgres = async <T>(url: string, work: (sql: SqlConnection) => Promise<T>): Promise<T> =>
  closing(await connectForCommand(url), work)

/** @throws {StorageError} if it cannot be reached */
export const withConnection = async <T>(
  options: ConnectOptions,
  work: (sql: SqlConnection) => Promise<T>,
): Promise<T> => closing(await connect(options), work)

async function connect(options: ConnectOptions): Promise<Connected> {
  try {
    const client = await connectClient(options)
    return { sql: createSql(createStatements(false), client), close: () => client.end() }
  } catch (error) {
    throw new StorageError(
      `The database cannot be reached: ${reasonOf(error)} (${options.hosts.name}). See whether its server runs, and whether the URL is right.`,
      { cause: error },
    )
  }
}

async function closing<T>({ sql, close }: Connected, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
  try {
    return await work(sql)
  } finally {
    await close()
  }
}

/** What the driver says has hosts and names in it, but never the password. */
const reasonOf = (error: unknown): string => {
  const { message, code } = error as { message?: string; code?: string }
  return (message || code || 'it does not answer').replace(/\.$/, '')
}

const OLDEST_VERSION = 150_000

/** What a node writes to while it runs. */
const WRITTEN = [
  'm2m_tokens',
  'm2m_token_uses',
  'audit_events',
  'revocation_head',
  'revocation_log',
  'machines',
]

/** @throws {StorageError} if this role may not write, or this server takes no writes */
export async function requireWritable(sql: SqlConnection): Promise<void> {
  const standby = await sql.get<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  if (standby!.standby) {
    throw new StorageError('This database server only follows another (it is in recovery). Name the primary.')
  }
  for (const table of WRITTEN) {
    const may = await sql.get<{ may: boolean; role: string }>(
      `select has_table_privilege('${table}', 'insert') and has_table_privilege('${table}', 'update') as may,
        current_user as role`,
    )
    if (may!.may) continue
    throw new StorageError(`The role ${may!.role} may not write to table ${table}. Let it own the schema.`)
  }
}

/**
 * A commit must be on the disk when it is acknowledged; asked, because a server may be set otherwise.
 *
 * @throws {StorageError} if it is not, or the server is too old
 */
export async function requireDurable(sql: SqlConnection): Promise<void> {
  const show = async (name: string) =>
    (await sql.get<{ value: string }>(`select current_setting('${name}') as value`))!.value
  if (Number(await show('server_version_num')) < OLDEST_VERSION) {
    throw new StorageError(`PostgreSQL ${await show('server_version')} is too old: 15 or later is needed.`)
  }
  const encoding = await show('server_encoding')
  if (encoding !== 'UTF8') {
    throw new StorageError(
      `The database has the encoding ${encoding}; Mintmark needs UTF8. Make one by: create database … encoding 'UTF8' template template0.`,
    )
  }
  const [fsync, synchronous] = [await show('fsync'), await show('synchronous_commit')]
  if (fsync === 'on' && synchronous !== 'off') return
  throw new StorageError(
    `PostgreSQL runs with fsync=${fsync} and synchronous_commit=${synchronous}, so a commit might be lost. Set fsync to on and synchronous_commit to on.`,
  )
}
