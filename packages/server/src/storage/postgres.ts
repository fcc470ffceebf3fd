/**
 * Storage in PostgreSQL, for several nodes. Each keeps in memory what verification reads, and follows the
 * revocation log to know what to forget; without having read the log within the lease it does not answer from
 * memory. So a node that is cut off refuses to answer, and never answers with what was true before.
 */
import type pg from 'pg'
import { unavailable } from '../core/errors.ts'
import { createCursor } from '../revocation/cursor.ts'
import { createFollower } from '../revocation/follower.ts'
import type { LogHead } from '../revocation/log.ts'
import { createCaches } from './cache/caches.ts'
import { entriesOf, READ_HEAD, READ_LOG, toLogPage, type LogRow } from './sql/revocation-log.ts'
import { startChores } from './chores.ts'
import { createTransactions } from './enclosing-transactions.ts'
import { migrate, migrationState } from './migrations/migrate.ts'
import { createReaders } from './ports.ts'
import { connectClient, createPool, type ConnectOptions } from './postgres/connect.ts'
import { createSql, createStatements } from './postgres/connection.ts'
import { createHosts } from './postgres/hosts.ts'
import { listen } from './postgres/listen.ts'
import { createPipelinedReader, createReaders as createReadConnections } from './postgres/reader.ts'
import { createSessions } from './postgres/session.ts'
import { createRunner } from './postgres/transactions.ts'
import { createM2mTokenUses } from './sql/m2m-token-uses.ts'
import type { SqlConnection } from './sql-connection.ts'
import type { Storage, Stores } from './storage.ts'
import { StorageError } from './storage-error.ts'

export interface PostgresOptions {
  /** As `postgres://user:password@host:5432/database`; several hosts are separated by commas. */
  readonly url: string
  /** The same database without a pooler in between, where there is one. */
  readonly directUrl: string | null
  /** Connections for transactions. */
  readonly poolSize: number
  /** Be woken when the log was written to; otherwise it is polled only, and more often. */
  readonly listen: boolean
  /** How old the last look at the log may be for an answer from memory, in milliseconds. */
  readonly leaseMs: number
  /** Bring the schema up to date; otherwise an older one is refused. */
  readonly migrate: boolean
  /** How many M2M tokens are kept in memory. */
  readonly cachedTokens: number
}

/** How often the log is read without being woken: rarely if it is, often if it is not. */
const POLLS_PER_LEASE = { listening: 3, polling: 8 }
const READ_CONNECTIONS = 2

/** @throws {StorageError} if the database cannot be used as it is */
export async function openPostgres(options: PostgresOptions): Promise<Storage> {
  const pooled = options.directUrl !== null
  const data: ConnectOptions = { hosts: createHosts(options.url), pooled }
  const direct: ConnectOptions = { hosts: createHosts(options.directUrl ?? options.url), pooled: false }
  await withConnection(direct, async (sql) => {
    await requireDurable(sql)
    await prepareSchema(sql, options.migrate)
  })
  return createStorage(data, direct, options)
}

/** @throws {StorageError} if it cannot be reached */
export async function withConnection<T>(
  options: ConnectOptions,
  work: (sql: SqlConnection) => Promise<T>,
): Promise<T> {
  let client: pg.Client
  try {
    client = await connectClient(options)
  } catch (error) {
    throw new StorageError(`The database cannot be reached: ${reasonOf(error)}.`, { cause: error })
  }
  try {
    return await work(createSql(createStatements(false), client))
  } finally {
    await client.end()
  }
}

/** What the driver says has hosts and names in it, but never the password. */
const reasonOf = (error: unknown): string => {
  const { message, code } = error as { message?: string; code?: string }
  return (message || code || 'it does not answer').replace(/\.$/, '')
}

const OLDEST_VERSION = 150_000

/** A commit must be on the disk when it is acknowledged; asked, because a server may be set otherwise. */
async function requireDurable(sql: SqlConnection): Promise<void> {
  const show = async (name: string) =>
    (await sql.get<{ value: string }>(`select current_setting('${name}') as value`))!.value
  if (Number(await show('server_version_num')) < OLDEST_VERSION) {
    throw new StorageError(`PostgreSQL ${await show('server_version')} is too old: 15 or later is needed.`)
  }
  const [fsync, synchronous] = [await show('fsync'), await show('synchronous_commit')]
  if (fsync === 'on' && synchronous !== 'off') return
  throw new StorageError(
    `PostgreSQL runs with fsync=${fsync} and synchronous_commit=${synchronous}, so a commit might be lost. Set fsync to on and synchronous_commit to on.`,
  )
}

async function prepareSchema(sql: SqlConnection, mayMigrate: boolean): Promise<void> {
  const { pending } = await migrationState(sql)
  if (pending.length === 0) return
  if (!mayMigrate) {
    throw new StorageError(`The database needs ${pending.length} migration(s). Run "mintmark migrate" first.`)
  }
  await migrate(sql)
}

async function createStorage(
  data: ConnectOptions,
  direct: ConnectOptions,
  options: PostgresOptions,
): Promise<Storage> {
  const toStatement = createStatements(!data.pooled)
  const pool = createPool(data, options.poolSize)
  const readConnections = createReadConnections(data, READ_CONNECTIONS)
  // Its own, so that a large answer to somebody else does not make the memory look old.
  const logConnection = createPipelinedReader(data)
  const reader = createSql(toStatement, readConnections, pool)
  const log = createSql(toStatement, logConnection)

  const cache = createCaches(options.cachedTokens)
  const cursor = createCursor(cache, (await log.get<LogHead>(READ_HEAD))!)
  const polls = options.listen ? POLLS_PER_LEASE.listening : POLLS_PER_LEASE.polling
  const follower = createFollower({
    cursor,
    readAfter: async (position) => toLogPage(await log.all<LogRow>(READ_LOG, position)),
    leaseMs: options.leaseMs,
    pollMs: options.leaseMs / polls,
  })
  await follower.refresh()
  follower.start()
  const listener = options.listen ? listen(direct, follower.wake) : null

  const runner = createRunner({
    pool,
    sessionOf: createSessions(toStatement),
    reader: readConnections,
    notify: options.listen,
    onCommit(changed, lastPosition) {
      cache.forget(changed)
      if (lastPosition !== null) cursor.committed(lastPosition, entriesOf(changed).length)
    },
  })
  const transactions = createTransactions<Stores>(runner)
  const uses = createM2mTokenUses(reader)
  const chores = startChores(transactions, uses)

  return {
    read: cache.inFrontOf(createReaders(reader)),
    ...transactions,
    m2mTokenUses: uses,
    catchUp() {
      if (follower.isFresh()) return
      return follower.refresh().catch((error: unknown) => {
        throw unavailable(error)
      })
    },
    logPosition: () => cursor.at,
    async check() {
      await reader.get('select id from master_keys limit 1')
      if (!follower.isFresh()) await follower.refresh()
    },
    sweep: chores.sweep,
    flush: chores.flush,
    async close() {
      await chores.end()
      follower.stop()
      await Promise.all([listener?.close(), readConnections.close(), logConnection.close(), pool.end()])
    },
  }
}
