/** What a storage on PostgreSQL does with its connections, and with servers that it must not believe. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres, type PostgresOptions } from '../../packages/server/src/storage/postgres.ts'
import { StorageError } from '../../packages/server/src/storage/storage-error.ts'
import { startPostgresCluster, type PostgresCluster } from '../torture/postgres-cluster.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { aMachine, anEvent, HERE, openWithInstances } from './records.ts'

const OPTIONS = {
  directUrl: null,
  poolSize: 1,
  listen: true,
  leaseMs: 1_000,
  clockSkewMs: 1_000,
  migrate: true,
  cachedTokens: 10,
} satisfies Omit<PostgresOptions, 'url'>

describe('a storage with one connection for transactions', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database.drop())

  // Stops requests that hold a transaction from waiting for a connection that only the others of their kind have.
  it('answers every read inside a transaction that goes on', async () => {
    const storage = await openWithInstances(() => openPostgres({ ...OPTIONS, url: database.url }))
    const { read } = storage
    const machine = aMachine()
    const page = { search: null, orderBy: 'name', descending: false, limit: 10, offset: 0 } as const
    const found = await storage.atomically(
      async () => {
        await storage.transaction(({ machines }) => machines.insert(machine))
        return Promise.all([
          read.machines.findAll(HERE, [machine.id]),
          read.machines.list(HERE, page),
          storage.m2mTokenUses.lastUsedAt(['mt_a' as never]),
          read.audit.newest(10),
          read.instances.list(),
        ])
      },
      (_, { audit }) => audit.record(anEvent()),
    )
    expect(found).toHaveLength(5)
    expect(await read.machines.find(HERE, machine.id)).toEqual(machine)
    await storage.close()
  })

  it('is refused by a database that is not in UTF-8, with a sentence', async () => {
    const name = `${database.name}_latin1`
    await database.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`)
    const url = new URL(database.url)
    url.pathname = `/${name}`
    await expect(openPostgres({ ...OPTIONS, url: url.href })).rejects.toThrow(
      /encoding LATIN1; .* needs UTF8/,
    )
    await database.query(`drop database ${name}`)
  })

  it('is refused by a database whose tables are somebody else’s, and says which', async () => {
    const other = await freshDatabase()
    await other.query('create table machines (id integer)')
    await expect(openPostgres({ ...OPTIONS, url: other.url })).rejects.toThrow(
      /relation "machines" already exists, which is not one of Mintmark's/,
    )
    await other.drop()
  })

  it('is refused by a database that its role may only read', async () => {
    const role = `${database.name}_reader`
    await database.query(`create role ${role} login password 'reader'`)
    await database.query(`grant select on all tables in schema public to ${role}`)
    const url = new URL(database.url)
    url.username = role
    url.password = 'reader'
    await expect(openPostgres({ ...OPTIONS, url: url.href })).rejects.toThrow(/may not write to table/)
    await database.query(`drop owned by ${role}; drop role ${role}`)
  })
})

describe('a database server that only follows another', () => {
  let cluster: PostgresCluster
  beforeAll(async () => {
    cluster = await startPostgresCluster()
    const storage = await openPostgres({ ...OPTIONS, url: cluster.primary.url })
    await storage.close()
  }, 120_000)
  afterAll(() => cluster.close())

  // Stops a node from serving what a standby does not know yet to be revoked.
  it('is not served from, whatever it says otherwise', async () => {
    await expect(openPostgres({ ...OPTIONS, url: cluster.standby!.url })).rejects.toThrow(StorageError)
    await expect(openPostgres({ ...OPTIONS, url: cluster.standby!.url })).rejects.toThrow(
      /only follows another/,
    )
  })
})
