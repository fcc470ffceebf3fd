/** What tests on PostgreSQL may rely on. */
import { afterAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from './postgres.ts'

const made: TestDatabase[] = []

async function fresh(template?: TestDatabase): Promise<TestDatabase> {
  const database = await freshDatabase(template)
  made.push(database)
  return database
}

afterAll(() => Promise.all(made.map(({ drop }) => drop())))

describe('fresh databases', () => {
  it('are empty and apart', async () => {
    const [one, other] = await Promise.all([fresh(), fresh()])
    await one.query('create table words (word text)')
    await one.query('insert into words values ($1)', 'kept')
    expect(await one.query('select word from words')).toEqual([{ word: 'kept' }])
    expect(await other.query("select to_regclass('words') as found")).toEqual([{ found: null }])
    await expect(other.query('select word from words')).rejects.toMatchObject({ code: '42P01' })
  })

  it('hold what their template holds, and leave it as it is', async () => {
    const template = await fresh()
    await template.query('create table words (word text)')
    const copy = await fresh(template)
    await copy.query("insert into words values ('new')")
    expect(await copy.query('select word from words')).toEqual([{ word: 'new' }])
    expect(await template.query('select word from words')).toEqual([])
  })

  it('are gone once they are dropped, also while somebody is connected', async () => {
    const [kept, dropped] = [await fresh(), await freshDatabase()]
    const waiting = dropped.query('select pg_sleep(600)').catch((error: unknown) => error)
    const connected = 'select pid from pg_stat_activity where datname = $1'
    while ((await kept.query(connected, dropped.name)).length === 0);
    await dropped.drop()
    expect(await waiting).toMatchObject({ code: '57P01' })
    expect(await kept.query('select oid from pg_database where datname = $1', dropped.name)).toEqual([])
  })
})

describe('the PostgreSQL of the tests', () => {
  it.each([
    ['fsync', 'on'],
    ['synchronous_commit', 'on'],
    ['full_page_writes', 'on'],
    ['data_checksums', 'on'],
  ])('has %s %s', async (setting, value) => {
    const database = await fresh()
    expect(await database.query('select current_setting($1) as value', setting)).toEqual([{ value }])
  })

  it('is version 18 or later', async () => {
    const [{ version }] = await (
      await fresh()
    ).query("select current_setting('server_version_num') as version")
    expect(Number(version)).toBeGreaterThanOrEqual(180_000)
  })
})
