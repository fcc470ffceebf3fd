/**
 * Which database the tests of a project run on (`vitest.config.ts`). Where it is PostgreSQL, each data folder
 * of a test has a database there, and commands that are given the folder find it.
 */
import { openPostgres } from '../../packages/server/src/storage/postgres.ts'
import { openSqlite } from '../../packages/server/src/storage/sqlite.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import { freshDatabase, type TestDatabase } from './postgres.ts'

export const onPostgres = process.env.TEST_STORE === 'postgres'

const databases = new Map<string, TestDatabase>()

/** Opens the storage of a data folder, in this process. */
export async function openTestStorage(data: string, cachedTokens: number): Promise<Storage> {
  const common = { migrate: true, cachedTokens }
  const onFatal = (error: Error) => {
    throw error
  }
  if (!onPostgres) return openSqlite(data, { ...common, onFatal })
  const { url } = await databaseOf(data)
  const connections = { directUrl: null, poolSize: 5, listen: true }
  return openPostgres({ url, ...connections, leaseMs: 1_000, clockSkewMs: 1_000, ...common })
}

/** Variables by which a server or a command finds the database of its data folder. */
export async function storeEnvironment(data: string): Promise<Record<string, string>> {
  return onPostgres ? { MINTMARK_DATABASE_URL: (await databaseOf(data)).url } : {}
}

/** @throws if the tests run on SQLite */
export async function databaseOf(data: string): Promise<TestDatabase> {
  if (!onPostgres) throw new Error('These tests run on SQLite.')
  let database = databases.get(data)
  if (database === undefined) databases.set(data, (database = await freshDatabase()))
  return database
}

/** Drops the database of a data folder, if it has one. */
export async function dropTestStore(data: string): Promise<void> {
  await databases.get(data)?.drop()
  databases.delete(data)
}
