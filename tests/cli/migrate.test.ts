import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder, runCli, startDev, temporaryFolder } from '../support/server-process.ts'

const KEY = '0123456789abcdef'.repeat(4)
const NEWER =
  /^mintmark: The database has a newer schema \(9999-later\) than this release of Mintmark \(\d{4}-[\w-]+\)\. Use the newer release\.\n$/

let data: string

beforeEach(() => {
  data = temporaryFolder()
})

afterEach(() => removeFolder(data))

function inDatabase<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(data, 'mintmark.db'))
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** A database as a release before the first migration would have left it. */
const makeOldDatabase = () => inDatabase((database) => database.exec('pragma user_version = 1'))

const tables = () =>
  inDatabase((database) => database.prepare("select name from sqlite_schema where type = 'table'").all())

describe('mintmark migrate', () => {
  it('brings an older database up to date, and finds nothing to do the next time', async () => {
    makeOldDatabase()
    const first = await runCli(['migrate', '--data', data])
    expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^Ran: 0001-first-tables/), stderr: '' })
    const second = await runCli(['migrate', '--data', data])
    expect(second).toEqual({ code: 0, stdout: 'The schema is up to date.\n', stderr: '' })
    expect(tables()).toContainEqual({ name: 'm2m_tokens' })
  })

  it('tells with --dry-run what would run, and leaves the file as it is', async () => {
    makeOldDatabase()
    const before = readFileSync(join(data, 'mintmark.db'))
    const { code, stdout } = await runCli(['migrate', '--data', data, '--dry-run'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Would run: 0001-first-tables/)
    expect(readFileSync(join(data, 'mintmark.db'))).toEqual(before)
    const json = await runCli(['migrate', '--data', data, '--dry-run', '--json'])
    expect(JSON.parse(json.stdout)).toEqual({
      applied: [],
      pending: expect.arrayContaining(['0001-first-tables']),
    })
  })

  it('prints JSON with what has been applied and what is pending', async () => {
    makeOldDatabase()
    for (const _time of ['first', 'second']) {
      const { code, stdout } = await runCli(['migrate', '--data', data, '--json'])
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toEqual({
        applied: expect.arrayContaining(['0001-first-tables']),
        pending: [],
      })
    }
  })

  it('ends well for each of several that run at the same time', async () => {
    makeOldDatabase()
    const runs = await Promise.all(Array.from({ length: 6 }, () => runCli(['migrate', '--data', data])))
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      runs.map(() => ({ code: 0, stderr: '' })),
    )
    expect(runs.filter(({ stdout }) => stdout.startsWith('Ran: '))).toHaveLength(1)
  })

  it('runs beside a server', async () => {
    const server = await startDev({ data })
    const { code, stdout } = await runCli(['migrate', '--data', data])
    expect(code).toBe(0)
    expect(stdout).toBe('The schema is up to date.\n')
    expect(await server.stop()).toBe(0)
  })

  it('says what is missing where there is no database', async () => {
    const { code, stderr } = await runCli(['migrate', '--data', data])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: There is no Mintmark database in /)
  })
})

describe('a database with a schema newer than this release', () => {
  beforeEach(async () => {
    const server = await startDev({ data })
    await server.stop()
    inDatabase((database) =>
      database.exec("insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')"),
    )
  })

  it.each([
    [['migrate']],
    [['migrate', '--dry-run']],
    [['dev', '--port', '0']],
    [['serve', '--port', '0']],
    [['serve', '--port', '0', '--migrate', 'false']],
    [['env']],
    [['audit', 'tail']],
    [['instances', 'list']],
  ])('is refused with the sentence that says so by %j', async (args) => {
    const before = tables()
    const { code, stdout, stderr } = await runCli([...args, '--data', data])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(NEWER)
    expect(tables()).toEqual(before)
  })
})

describe('an older schema', () => {
  it('is refused by a server that may not migrate, and not changed', async () => {
    makeOldDatabase()
    const { code, stderr } = await runCli(['serve', '--port', '0', '--migrate', 'false', '--data', data], {
      MINTMARK_MASTER_KEY: KEY,
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^mintmark: The database needs \d+ migration\(s\)\. Run "mintmark migrate" first\.\n$/,
    )
    expect(tables()).toEqual([])
  })
})
