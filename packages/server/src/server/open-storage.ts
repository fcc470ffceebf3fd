/** Opens the database that the settings name: a file in the data folder, or PostgreSQL. */
import { join } from 'node:path'
import { millis } from '../core/time.ts'
import type { SqlConnection } from '../storage/sql-connection.ts'
import { connectSqlite } from '../storage/sqlite/connection.ts'
import { DATABASE_FILE, openSqlite } from '../storage/sqlite.ts'
import type { Storage } from '../storage/storage.ts'
import { requireDatabase } from './data-folder.ts'
import type { Config } from './settings.ts'

/** As far as the clocks of nodes may be apart: a node whose clock is further from the database's is not ready. */
export const CLOCK_SKEW = millis(1_000)

/** Its driver takes a while to load, and most servers do not need it. */
const importPostgres = () => import('../storage/postgres.ts')

export interface StorageEvents {
  /** Called once if the disk failed in a way after which nothing may be acknowledged any more. */
  readonly onFatal: (error: Error) => void
  /** Called when the database can no longer be read, and with `null` when it can again. Of PostgreSQL only. */
  readonly onTrouble?: (error: unknown) => void
}

/**
 * @throws {StorageError} if the database cannot be used as it is
 */
export async function openStorage(
  config: Config,
  { onFatal, onTrouble = () => {} }: StorageEvents,
): Promise<Storage> {
  const { data, databaseUrl, databaseDirectUrl, migrate, cachedTokens, tokenRetention } = config
  if (databaseUrl === null) return openSqlite(data, { migrate, cachedTokens, tokenRetention, onFatal })
  const { openPostgres } = await importPostgres()
  return openPostgres({
    url: databaseUrl,
    directUrl: databaseDirectUrl,
    poolSize: config.databasePoolSize,
    listen: config.databaseListen,
    leaseMs: config.revocationLease,
    clockSkewMs: CLOCK_SKEW,
    migrate,
    cachedTokens,
    tokenRetention,
    onTrouble,
  })
}

/**
 * One connection to the database, whatever its schema.
 *
 * @throws {StorageError} if there is none
 */
export async function withDatabase<T>(
  { data, databaseUrl, databaseDirectUrl }: Config,
  readOnly: boolean,
  work: (connection: SqlConnection) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== null) {
    const { withPostgres } = await importPostgres()
    return withPostgres(databaseDirectUrl ?? databaseUrl, work)
  }
  requireDatabase(data)
  const connection = connectSqlite(join(data, DATABASE_FILE), { readOnly })
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}
