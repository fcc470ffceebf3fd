import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DATABASE_FILE, openSqlite, type SqliteOptions } from './sqlite.ts'
import { StorageError } from './storage-error.ts'

const OPTIONS: SqliteOptions = { migrate: true, cachedTokens: 10, onFatal: () => {} }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** Does something to the file behind the storage's back. */
function withFile<T>(act: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, DATABASE_FILE))
  try {
    return act(database)
  } finally {
    database.close()
  }
}

const tables = () =>
  withFile((database) => database.prepare("select name from sqlite_master where type = 'table'").all())

const openAndClose = async (options: Partial<SqliteOptions> = {}) => {
  const storage = await openSqlite(folder, { ...OPTIONS, ...options })
  await storage.close()
}

describe('opening a database', () => {
  it('makes its tables, and finds them the next time', async () => {
    await openAndClose()
    const made = tables()
    await openAndClose({ migrate: false })
    expect(tables()).toEqual(made)
    expect(made.length).toBeGreaterThan(10)
  })

  it('keeps what was written, from one opening to the next', async () => {
    const first = await openSqlite(folder, OPTIONS)
    await first.transaction(({ masterKeys }) =>
      masterKeys.insert({ id: 1, fingerprint: 'f', createdAt: 0 as never }),
    )
    await first.close()
    const second = await openSqlite(folder, OPTIONS)
    expect(await second.read.masterKeys.list()).toEqual([{ id: 1, fingerprint: 'f' }])
    await second.close()
  })

  it('says which file is damaged, and what helps', async () => {
    const path = join(folder, DATABASE_FILE)
    writeFileSync(path, 'no database at all. '.repeat(1_000))
    const expected = `${path} is damaged, or no database. Restore a backup: "mintmark restore --help".`
    await expect(openSqlite(folder, OPTIONS)).rejects.toThrow(new StorageError(expected))
  })

  it('writes ahead, so that the next to open it need not be told', async () => {
    await openAndClose()
    expect(withFile((database) => database.prepare('pragma journal_mode').get())).toEqual({
      journal_mode: 'wal',
    })
  })

  it('leaves no lock behind when it is refused', async () => {
    await expect(openAndClose({ migrate: false })).rejects.toThrow(StorageError)
    await openAndClose()
  })
})

describe('a database is refused', () => {
  it('where it needs a migration that it may not have, and nothing is written', async () => {
    await expect(openAndClose({ migrate: false })).rejects.toThrow(/needs \d+ migration.*mintmark migrate/)
    expect(tables()).toEqual([])
  })

  // Stops an older release from writing what a newer one does not expect.
  it.each([true, false])('where its schema is newer than this release, with migrate %s', async (migrate) => {
    await openAndClose()
    withFile((database) =>
      database.exec("insert into kysely_migration values ('9999-of-the-future', '2027-01-01T00:00:00.000Z')"),
    )
    const before = tables()
    await expect(openAndClose({ migrate })).rejects.toThrow(StorageError)
    await expect(openAndClose({ migrate })).rejects.toThrow(/newer schema \(9999-of-the-future\)/)
    expect(tables()).toEqual(before)
  })

  // Stops an acknowledged commit from being lost in a power cut: what SQLite was asked for is read back. Its
  // dot-file locks stand for a file system that cannot do it, and its memory for a file that is none.
  it.each(['vfs=unix-dotfile', 'mode=memory'])(
    'where its writes would not be durable: %s',
    async (parameter) => {
      const place = `file:${join(folder, 'elsewhere.db')}?${parameter}&rest=`
      await expect(openSqlite(place, OPTIONS)).rejects.toThrow(StorageError)
      await expect(openSqlite(place, OPTIONS)).rejects.toThrow(
        /journal_mode=wal and synchronous=full.*local disk/,
      )
    },
  )

  it('where it is no database', async () => {
    writeFileSync(join(folder, DATABASE_FILE), 'not a database, but long enough to be looked at'.repeat(100))
    await expect(openAndClose()).rejects.toThrow()
  })
})

describe('a storage that is open', () => {
  it('is well until its file is not', async () => {
    const storage = await openSqlite(folder, OPTIONS)
    await storage.check()
    withFile((database) => database.exec('alter table master_keys rename to gone'))
    await expect(storage.check()).rejects.toMatchObject({ code: 'service_unavailable' })
    await storage.close()
  })

  // Stops an outage from being taken for a revocation, or a lock for success.
  it('answers service_unavailable for a constraint that does not hold, and has written nothing', async () => {
    const storage = await openSqlite(folder, OPTIONS)
    const insert = (id: number) =>
      storage.transaction(({ masterKeys }) =>
        masterKeys.insert({ id, fingerprint: `f${id}`, createdAt: 0 as never }),
      )
    await expect(insert(0)).rejects.toMatchObject({ code: 'service_unavailable', retryAfter: 1 })
    await expect(insert(256)).rejects.toMatchObject({ code: 'service_unavailable' })
    expect(await storage.read.masterKeys.list()).toEqual([])
    await storage.close()
  })

  it('writes what was noted when it is closed', async () => {
    const storage = await openSqlite(folder, OPTIONS)
    storage.m2mTokenUses.note('mt_a' as never, 5 as never)
    await storage.close()
    expect(withFile((database) => database.prepare('select * from m2m_token_uses').all())).toEqual([
      { token_id: 'mt_a', last_used_at: 5 },
    ])
  })
})
