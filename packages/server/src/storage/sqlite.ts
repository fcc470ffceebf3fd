/**
 * Storage in one SQLite file. Two connections: the writer, whose transactions commit in groups, and a
 * reader that sees nothing uncommitted. In front of the reader stand caches that are never stale: our own
 * commits evict before they are acknowledged, and another process's commit shows in `data_version`.
 */
import { join } from 'node:path'
import type { InstanceId } from '../core/ids.ts'
import type { Instance, InstanceSecretKey } from '../directory/instances/instance.ts'
import type { Machine, MachineSecretKey } from '../directory/machines/machine.ts'
import type { SigningKey } from '../signing/signing-key.ts'
import type { M2mToken } from '../tokens/m2m-tokens/m2m-token.ts'
import type { Changes } from './changes.ts'
import { createTransactions } from './enclosing-transactions.ts'
import { createExactCache } from './exact-cache.ts'
import { createGroupCommit } from './group-commit.ts'
import { migrate, migrationState } from './migrations/migrate.ts'
import { actorTokenReader, actorTokenStore } from './sql/actor-token-store.ts'
import { auditLog, auditReader } from './sql/audit-log.ts'
import { idempotentAnswerReader, idempotentAnswerStore } from './sql/idempotent-answer-store.ts'
import { findInstance, findInstanceSecretKey, instanceReader, instanceStore } from './sql/instance-store.ts'
import { createM2mTokenUses, writeM2mTokenUses } from './sql/m2m-token-uses.ts'
import { findM2mToken, m2mTokenReader, m2mTokenStore } from './sql/m2m-token-store.ts'
import { findMachine, findMachineSecretKey, machineReader, machineStore } from './sql/machine-store.ts'
import { masterKeyReader, masterKeyStore } from './sql/master-key-store.ts'
import { findSigningKeys, signingKeyReader, signingKeyStore } from './sql/signing-key-store.ts'
import { testingTokenReader, testingTokenStore } from './sql/testing-token-store.ts'
import { userReader, userStore } from './sql/user-store.ts'
import { connectSqlite, type SqlConnection, type SqliteConnection } from './sqlite-connection.ts'
import type { Readers, Storage, Stores } from './storage.ts'
import { StorageError } from './storage-error.ts'
import { startAnswerSweeper } from './sweep-answers.ts'

export const DATABASE_FILE = 'mintmark.db'

export interface SqliteOptions {
  /** Bring the schema up to date; otherwise an older one is refused. */
  readonly migrate: boolean
  /** How many M2M tokens are kept in memory. */
  readonly cachedTokens: number
  /** Called once if the disk failed in a way after which nothing may be acknowledged any more. */
  readonly onFatal: (error: Error) => void
}

/** How late a noted use is written at most is five seconds; a little less leaves time to write it. */
const FLUSH_INTERVAL_MS = 4_000

/** Machines, keys and instances that are kept in memory. */
const CACHED_DIRECTORY = 20_000

/** @throws {StorageError} if the database cannot be used as it is */
export async function openSqlite(folder: string, options: SqliteOptions): Promise<Storage> {
  const path = join(folder, DATABASE_FILE)
  const writer = connectSqlite(path, { readOnly: false })
  try {
    makeDurable(writer)
    await prepareSchema(writer, options.migrate)
    const reader = connectSqlite(path, { readOnly: true })
    // Our own commits would empty its page cache time and again; what is mapped needs none. A disk that
    // fails to read then ends the process, which is an answer too: never a wrong one.
    reader.exec('pragma mmap_size = 1073741824')
    return createStorage(writer, reader, options)
  } catch (error) {
    writer.close()
    throw error
  }
}

/** Write-ahead log, and an fsync for every commit; read back, because a build or a file system may differ. */
function makeDurable(writer: SqliteConnection): void {
  writer.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  writer.exec('pragma cache_size = -32768; pragma journal_size_limit = 67108864')
  // Pages that many commits touch are then carried into the file once and not for each.
  writer.exec('pragma wal_autocheckpoint = 8192')
  const { journal_mode } = writer.get<{ journal_mode: string }>('pragma journal_mode')!
  const { synchronous } = writer.get<{ synchronous: number }>('pragma synchronous')!
  if (journal_mode !== 'wal' || synchronous !== 2) {
    throw new StorageError(
      `SQLite would not run with journal_mode=wal and synchronous=full (it says ${journal_mode} and ${synchronous}), so a commit might be lost. Use a local disk.`,
    )
  }
}

async function prepareSchema(writer: SqliteConnection, mayMigrate: boolean): Promise<void> {
  const { pending } = await migrationState(writer.query)
  if (pending.length === 0) return
  if (!mayMigrate) {
    throw new StorageError(`The database needs ${pending.length} migration(s). Run "mintmark migrate" first.`)
  }
  await migrate(writer.query)
}

function createStorage(writer: SqliteConnection, reader: SqliteConnection, options: SqliteOptions): Storage {
  const cache = createCaches(options.cachedTokens)
  const uses = createM2mTokenUses(reader)
  const commits = createGroupCommit(writer, { onEnd: cache.applyChanges, onFatal: options.onFatal })
  const transactions = createTransactions(commits, createStores(writer, cache.changes))
  const sweeper = startAnswerSweeper(transactions)
  let seenVersion = writer.dataVersion()
  let caughtUp = false

  function catchUp(): void {
    // Requests that are begun together have all been read before the first of them asks.
    if (caughtUp) return
    caughtUp = true
    queueMicrotask(() => (caughtUp = false))
    // Inside a transaction of ours nobody else can commit.
    const version = writer.dataVersion()
    if (version === seenVersion) return
    seenVersion = version
    cache.clear()
  }

  const flush = () => uses.flush((batch) => commits.run(async () => writeM2mTokenUses(writer, batch)))
  // A batch that cannot be written stays noted; that the store fails is told by the requests that need it.
  const timer = setInterval(() => void flush().catch(() => {}), FLUSH_INTERVAL_MS).unref()

  return {
    read: createReaders(reader, cache),
    ...transactions,
    m2mTokenUses: uses,
    catchUp,
    check() {
      reader.get('select id from master_keys limit 1')
      commits.check()
    },
    sweep: sweeper.sweep,
    flush,
    async close() {
      clearInterval(timer)
      sweeper.stop()
      await flush().catch(() => {})
      await commits.drained()
      reader.close()
      writer.close()
    },
  }
}

function createCaches(cachedTokens: number) {
  const directory = {
    instances: createExactCache<Instance>(CACHED_DIRECTORY),
    instanceKeys: createExactCache<InstanceSecretKey>(CACHED_DIRECTORY),
    signingKeys: createExactCache<readonly SigningKey[]>(CACHED_DIRECTORY),
    machines: createExactCache<Machine>(CACHED_DIRECTORY),
    machineKeys: createExactCache<MachineSecretKey>(CACHED_DIRECTORY),
  }
  const m2mTokens = createExactCache<M2mToken>(cachedTokens)
  const changedTokens = new Set<string>()
  let directoryChanged = false

  const clearDirectory = () => Object.values(directory).forEach((each) => each.clear())
  const changes: Changes = {
    directory: () => (directoryChanged = true),
    m2mToken: (id) => changedTokens.add(id),
  }
  return {
    ...directory,
    m2mTokens,
    changes,
    applyChanges() {
      if (directoryChanged) clearDirectory()
      directoryChanged = false
      for (const id of changedTokens) m2mTokens.evict(id)
      changedTokens.clear()
    },
    clear() {
      clearDirectory()
      m2mTokens.clear()
    },
  }
}

/** What another instance has in memory is answered no sooner than what nobody has. */
const isOf = (instanceId: InstanceId) => (kept: { readonly instanceId: InstanceId }) =>
  kept.instanceId === instanceId

/** The look-ups that verification makes go through the caches; everything else reads the file. */
function createReaders(sql: SqlConnection, cache: ReturnType<typeof createCaches>): Readers {
  return {
    masterKeys: masterKeyReader(sql),
    instances: {
      ...instanceReader(sql),
      find: async (id) => cache.instances.through(id, () => findInstance(sql, id)),
      findSecretKey: async (id) => cache.instanceKeys.through(id, () => findInstanceSecretKey(sql, id)),
    },
    signingKeys: {
      ...signingKeyReader(sql),
      keysOf: async (instanceId) =>
        cache.signingKeys.through(instanceId, () => {
          const keys = findSigningKeys(sql, instanceId)
          return keys.length === 0 ? null : keys
        }) ?? [],
    },
    machines: {
      ...machineReader(sql),
      find: async (instanceId, id) =>
        cache.machines.through(id, () => findMachine(sql, instanceId, id), isOf(instanceId)),
      findSecretKey: async (id) => cache.machineKeys.through(id, () => findMachineSecretKey(sql, id)),
    },
    users: userReader(sql),
    m2mTokens: {
      ...m2mTokenReader(sql),
      find: async (instanceId, id) =>
        cache.m2mTokens.through(id, () => findM2mToken(sql, instanceId, id), isOf(instanceId)),
    },
    actorTokens: actorTokenReader(sql),
    testingTokens: testingTokenReader(sql),
    idempotentAnswers: idempotentAnswerReader(sql),
    audit: auditReader(sql),
  }
}

const createStores = (sql: SqlConnection, changes: Changes): Stores => ({
  masterKeys: masterKeyStore(sql),
  instances: instanceStore(sql, changes),
  signingKeys: signingKeyStore(sql, changes),
  machines: machineStore(sql, changes),
  users: userStore(sql),
  m2mTokens: m2mTokenStore(sql, changes),
  actorTokens: actorTokenStore(sql),
  testingTokens: testingTokenStore(sql),
  idempotentAnswers: idempotentAnswerStore(sql),
  audit: auditLog(sql),
})
