import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { DATABASE_FILE, openSqlite } from '../../packages/server/src/storage/sqlite.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'
import { storageConformance } from './conformance/all.ts'
import { m2mTokenStoreConformance } from './conformance/m2m-token-store.ts'
import { transactionConformance } from './conformance/transactions.ts'

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
  storageConformance({
    open: openCached,
    openBeside,
    reopen,
    catchUp: async (storage) => storage.catchUp(),
    auditedInOrder: true,
  })
})

describe('SQLite without a cache of tokens', () => {
  m2mTokenStoreConformance(openUncached)
  transactionConformance(openUncached)
})
