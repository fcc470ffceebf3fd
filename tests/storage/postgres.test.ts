import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { openPostgres } from '../../packages/server/src/storage/postgres.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { storageConformance } from './conformance/all.ts'
import { m2mTokenStoreConformance } from './conformance/m2m-token-store.ts'
import { sharingConformance } from './conformance/sharing.ts'
import { transactionConformance } from './conformance/transactions.ts'

/** The database of each storage that is open. */
const opened = new Map<Storage, TestDatabase>()

/** Short, so that a test can wait until it is over; long enough for a machine with other work to read the log within. */
const LEASE_MS = 400

async function openOn(database: TestDatabase, cachedTokens = 100, listen = true): Promise<Storage> {
  const storage = await openPostgres({
    url: database.url,
    directUrl: null,
    poolSize: 5,
    listen,
    leaseMs: LEASE_MS,
    clockSkewMs: 1_000,
    migrate: true,
    cachedTokens,
    tokenRetention: 30,
  })
  opened.set(storage, database)
  return storage
}

/** An empty database with its tables, made once: a copy is ready sooner than its tables are made. */
let empty: TestDatabase

beforeAll(async () => {
  empty = await freshDatabase()
  const storage = await openOn(empty)
  opened.delete(storage)
  await storage.close()
})

afterAll(async () => {
  for (const database of [empty, ...spare]) await database.drop()
})

/** Databases that are empty again: sooner than a new one is made, all rows of a used one are gone. */
const spare: TestDatabase[] = []

const open = async (cachedTokens?: number, listen?: boolean) =>
  openOn(spare.pop() ?? (await freshDatabase(empty)), cachedTokens, listen)

/** What others refer to comes last. */
const TABLES =
  `audit_events revocation_log idempotent_answers testing_tokens sign_in_tokens actor_tokens m2m_token_uses
  m2m_tokens sessions browsers user_identifiers users machine_secret_keys machine_scopes machines signing_keys instance_secret_keys instances
  master_keys`.split(/\s+/)
const EMPTY = `${TABLES.map((table) => `delete from ${table};`).join(' ')} update revocation_head set position = 0`

const openCached = () => open()
const openUncached = () => open(0)
const openPolled = () => open(100, false)
const openBeside = (storage: Storage) => openOn(opened.get(storage)!)
const openPolledBeside = (storage: Storage) => openOn(opened.get(storage)!, 100, false)

async function reopen(storage: Storage): Promise<Storage> {
  const database = opened.get(storage)!
  opened.delete(storage)
  await storage.close()
  return openOn(database)
}

/** What a request does, once the lease has passed since whatever was committed elsewhere. */
async function catchUp(storage: Storage): Promise<void> {
  await sleep(LEASE_MS)
  await storage.catchUp()
}

afterEach(async () => {
  for (const storage of opened.keys()) await storage.close()
  for (const database of new Set(opened.values())) {
    await database.query(EMPTY)
    spare.push(database)
  }
  opened.clear()
})

describe('PostgreSQL', () => {
  storageConformance({ open: openCached, openBeside, reopen, catchUp, auditedInOrder: false })
})

describe('PostgreSQL that is polled', () => {
  sharingConformance(openPolled, openPolledBeside, catchUp)
})

describe('PostgreSQL without a cache of tokens', () => {
  m2mTokenStoreConformance(openUncached)
  transactionConformance(openUncached)
})
