import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { DATABASE_FILE, openSqlite } from '../../packages/server/src/storage/sqlite.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'
import { actorTokenStoreConformance } from './conformance/actor-token-store.ts'
import { auditLogConformance } from './conformance/audit-log.ts'
import { enclosingTransactionConformance } from './conformance/enclosing-transactions.ts'
import { idempotentAnswerStoreConformance } from './conformance/idempotent-answer-store.ts'
import { instanceStoreConformance } from './conformance/instance-store.ts'
import { m2mTokenPoolConformance } from './conformance/m2m-token-pool.ts'
import { m2mTokenStoreConformance } from './conformance/m2m-token-store.ts'
import { m2mTokenUsesConformance } from './conformance/m2m-token-uses.ts'
import { machineStoreConformance } from './conformance/machine-store.ts'
import { masterKeyStoreConformance } from './conformance/master-key-store.ts'
import { sharingConformance } from './conformance/sharing.ts'
import { signingKeyStoreConformance } from './conformance/signing-key-store.ts'
import { sweepingConformance } from './conformance/sweeping.ts'
import { testingTokenStoreConformance } from './conformance/testing-token-store.ts'
import { transactionConformance } from './conformance/transactions.ts'
import { userStoreConformance } from './conformance/user-store.ts'

/** The folder of each storage that is open. */
const opened = new Map<Storage, string>()

async function openIn(folder: string, cachedTokens = 100): Promise<Storage> {
  const storage = await openSqlite(folder, {
    migrate: true,
    cachedTokens,
    tokenRetention: 30,
    onFatal: (error) => {
      throw error
    },
  })
  opened.set(storage, folder)
  return storage
}

/** An empty database, made once: a copy is ready sooner than its tables are made. */
let empty: string

beforeAll(async () => {
  empty = temporaryFolder()
  const storage = await openIn(empty)
  opened.delete(storage)
  await storage.close()
})

afterAll(() => removeFolder(empty))

function open(cachedTokens?: number): Promise<Storage> {
  const folder = temporaryFolder()
  copyFileSync(join(empty, DATABASE_FILE), join(folder, DATABASE_FILE))
  return openIn(folder, cachedTokens)
}

const openCached = () => open()
const openUncached = () => open(0)
const openBeside = (storage: Storage) => openIn(opened.get(storage)!)

async function reopen(storage: Storage): Promise<Storage> {
  const folder = opened.get(storage)!
  opened.delete(storage)
  await storage.close()
  return openIn(folder)
}

afterEach(async () => {
  for (const storage of opened.keys()) await storage.close()
  for (const folder of new Set(opened.values())) removeFolder(folder)
  opened.clear()
})

describe('SQLite', () => {
  masterKeyStoreConformance(openCached)
  instanceStoreConformance(openCached)
  signingKeyStoreConformance(openCached)
  machineStoreConformance(openCached)
  userStoreConformance(openCached)
  m2mTokenStoreConformance(openCached)
  m2mTokenPoolConformance(openCached)
  m2mTokenUsesConformance(openCached, reopen)
  actorTokenStoreConformance(openCached)
  testingTokenStoreConformance(openCached)
  idempotentAnswerStoreConformance(openCached, reopen)
  auditLogConformance(openCached, true)
  transactionConformance(openCached)
  enclosingTransactionConformance(openCached)
  sharingConformance(openCached, openBeside, async (storage) => storage.catchUp())
  sweepingConformance(openCached, openBeside, async (storage) => storage.catchUp())
})

describe('SQLite without a cache of tokens', () => {
  m2mTokenStoreConformance(openUncached)
  transactionConformance(openUncached)
})
