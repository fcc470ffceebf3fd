/**
 * Storage in PostgreSQL, for several nodes. Each keeps in memory what verification reads, and follows the
 * revocation log to know what to forget; without having read the log within the lease it does not answer from
 * memory. So a node that is cut off refuses to answer, and never answers with what was true before.
 */
import { unavailable } from '../core/errors.ts'
import { systemClock } from '../core/time.ts'
import type { Follower } from '../revocation/follower.ts'
import type { Cursor } from '../revocation/cursor.ts'
import { createCaches, type Caches } from './cache/caches.ts'
import { startChores, type ChoreOptions } from './chores.ts'
import { createTransactions } from './enclosing-transactions.ts'
import { prepareSchema } from './migrations/migrate.ts'
import { createReaders } from './ports.ts'
import { beginStatement, createPool, type ConnectOptions } from './postgres/connect.ts'
import { createSql, createStatements, type Statement } from './postgres/connection.ts'
import { followLog } from './postgres/follow.ts'
import { createHosts } from './postgres/hosts.ts'
import { dropMonths, idBeforeMonths, makeMonths } from './postgres/partitions.ts'
import { COMMAND_TIMEOUT_MS, requireDurable, requireWritable, withConnection } from './postgres/prepare.ts'
import { createReadConnections, createSlowReader } from './postgres/reader.ts'
import { createSessions } from './postgres/session.ts'
import { createStuckCommits } from './postgres/stuck-commits.ts'
import { confirmCommits, createRunner, type TransactionOptions } from './postgres/transactions.ts'
import { createM2mTokenUses } from './sql/tokens/m2m-token-uses.ts'
import { entriesOf } from './sql/revocation-log.ts'
import type { Storage, StorageGauges, Stores } from './storage.ts'

export { withPostgres } from './postgres/prepare.ts'

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
  /** How far this machine's clock and the database's may be apart, in milliseconds. */
  readonly clockSkewMs: number
  /** Bring the schema up to date; otherwise an older one is refused. */
  readonly migrate: boolean
  /** How many M2M tokens are kept in memory. */
  readonly cachedTokens: number
  /** For how many days the record of a token is kept after it is over. Absent: for ever. */
  readonly tokenRetention?: number
  /** Called when the database can no longer be read, and with `null` when it can again. */
  readonly onTrouble?: (error: unknown) => void
}

const READ_CONNECTIONS = 2

/** @throws {StorageError} if the database cannot be used as it is */
export async function openPostgres(options: PostgresOptions): Promise<Storage> {
  const pooled = options.directUrl !== null
  const data: ConnectOptions = { hosts: createHosts(options.url), pooled, forRequests: true }
  const direct: ConnectOptions = { hosts: createHosts(options.directUrl ?? options.url), pooled: false }
  // Another node may be about to migrate, or this one may have much to change.
  await withConnection({ ...direct, queryTimeoutMs: COMMAND_TIMEOUT_MS }, async (sql) => {
    await requireDurable(sql)
    await prepareSchema(sql, options.migrate)
    await requireWritable(sql)
    // Before the first token of the month, so that it goes there; what cannot be made now is tried again later.
    await makeMonths(sql, systemClock.now()).catch(() => {})
  })
  return createStorage(data, direct, options)
}

/** All but the one that follows the log. */
function openConnections(data: ConnectOptions, poolSize: number, toStatement: (sql: string) => Statement) {
  const pool = createPool(data, poolSize)
  const reads = createReadConnections(data, READ_CONNECTIONS)
  const slowReads = createSlowReader(data)
  const stuck = createStuckCommits(reads, poolSize)
  return {
    pool,
    reads,
    stuck,
    reader: createSql(toStatement, reads, slowReads),
    async close() {
      stuck.stop()
      await Promise.all([reads.close(), slowReads.close(), pool.end()])
    },
  }
}

async function createStorage(
  data: ConnectOptions,
  direct: ConnectOptions,
  options: PostgresOptions,
): Promise<Storage> {
  const toStatement = createStatements(!data.pooled)
  const { leaseMs, clockSkewMs, onTrouble = () => {}, tokenRetention = Infinity } = options
  const cache = createCaches(options.cachedTokens)
  const listenOn = options.listen ? direct : null
  const log = { data, listenOn, leaseMs, clockSkewMs, memory: cache, toStatement, onTrouble }
  const { cursor, follower, ...following } = await followLog(log)
  const { pool, reads, reader, stuck, ...connections } = openConnections(data, options.poolSize, toStatement)
  const runner = {
    pool,
    sessionOf: createSessions(toStatement),
    reader: reads,
    notify: options.listen,
    stuck,
    onCommit: forgetCommitted(cache, cursor),
  }
  const transactions = createTransactions<Stores>(createRunner({ ...runner, begin: beginStatement(data) }))
  const unsynced = beginStatement({ ...data, durable: false })
  const { run: writeBehind } = createRunner({ ...runner, begin: unsynced })
  const uses = createM2mTokenUses(reader)
  const keepMonths = monthKeeper(direct)
  const chores = startChores({ ...transactions, writeBehind, uses, tokenRetention, keepMonths })

  return {
    read: cache.inFrontOf(createReaders(reader)),
    ...transactions,
    m2mTokenUses: uses,
    catchUp: () => (follower.isFresh() ? undefined : refresh(follower)),
    confirm: () => confirmCommits(pool),
    logPosition: () => cursor.at,
    gauges: () => ({ logAgeMs: follower.age(), connections: connectionsOf(pool) }),
    async check() {
      await reader.get('select id from master_keys limit 1')
      if (!follower.isFresh()) await refresh(follower)
      return { log: cursor.at, logAgeMs: Math.round(follower.age()) }
    },
    sweep: chores.sweep,
    flush: chores.flush,
    async close() {
      await chores.end()
      await Promise.all([following.close(), connections.close()])
    },
  }
}

const connectionsOf = (pool: ReturnType<typeof createPool>): StorageGauges['connections'] => ({
  used: pool.totalCount - pool.idleCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
})

const forgetCommitted =
  (cache: Caches, cursor: Cursor): TransactionOptions['onCommit'] =>
  (changed, lastPosition) => {
    cache.forget(changed)
    if (lastPosition !== null) cursor.committed(lastPosition, entriesOf(changed).length)
  }

/** @throws {AuthorityError} `service_unavailable` if the log cannot be read within the lease */
async function refresh(follower: Follower): Promise<void> {
  try {
    await follower.refresh()
  } catch (error) {
    throw unavailable(error)
  }
}

const monthKeeper =
  (direct: ConnectOptions): NonNullable<ChoreOptions['keepMonths']> =>
  (now, until, signal) =>
    withConnection(direct, async (sql) => {
      await makeMonths(sql, now)
      await dropMonths(sql, until, signal)
      return idBeforeMonths(sql, until)
    })
