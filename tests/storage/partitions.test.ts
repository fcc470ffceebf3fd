import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Client } from 'pg'
import { createIdSource, m2mTokenId } from '../../packages/server/src/core/ids.ts'
import { systemRandom } from '../../packages/server/src/core/secrets/random.ts'
import { millis, type Millis } from '../../packages/server/src/core/time.ts'
import {
  dropMonths,
  idBeforeMonths,
  makeMonths,
} from '../../packages/server/src/storage/postgres/partitions.ts'
import { openPostgres, withPostgres } from '../../packages/server/src/storage/postgres.ts'
import { idAt } from '../../packages/server/src/storage/sweep/sweep-store.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import type { M2mToken } from '../../packages/server/src/tokens/m2m-tokens/m2m-token.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { anM2mToken, openWithInstances } from './records.ts'

const DAY_MS = 86_400_000
/** A month that no clock has reached, so that no start has made it. */
const MAY = millis(Date.UTC(2040, 4, 10))

let database: TestDatabase
let opened: Storage[]

const open = async (): Promise<Storage> => {
  const storage = await openPostgres({
    url: database.url,
    directUrl: null,
    poolSize: 5,
    listen: false,
    leaseMs: 1_000,
    clockSkewMs: 1_000,
    migrate: true,
    cachedTokens: 100,
    tokenRetention: 30,
  })
  opened.push(storage)
  return storage
}

beforeEach(async () => {
  opened = []
  database = await freshDatabase()
})

afterEach(async () => {
  for (const storage of opened) await storage.close()
  await database.drop()
})

const onDatabase: <T>(work: Parameters<typeof withPostgres<T>>[1]) => Promise<T> = (work) =>
  withPostgres(database.url, work)

const partitions = async (): Promise<string[]> => {
  const rows = await database.query(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'm2m_tokens'::regclass order by 1`,
  )
  return rows.map(({ name }) => name)
}

const partitionOf = async ({ id }: M2mToken): Promise<string | undefined> => {
  const [row] = await database.query(
    'select tableoid::regclass::text as name from m2m_tokens where id = $1',
    id,
  )
  return row?.name
}

/** A token that was issued then. */
async function issue(storage: Storage, at: Millis, change: Partial<M2mToken> = {}): Promise<M2mToken> {
  const ids = createIdSource({ clock: { now: () => at }, random: systemRandom })
  const token = anM2mToken({ id: m2mTokenId(ids.uuid()), createdAt: at, ...change })
  await storage.transaction(({ m2mTokens }) => m2mTokens.insert(token))
  return token
}

const MADE = { m2m_tokens_2040_05: 'made', m2m_tokens_2040_06: 'made', m2m_tokens_2040_07: 'made' }

describe('making partitions', () => {
  it('is done at the first start, for this month and the next two', async () => {
    await open()
    const now = new Date()
    const names = [0, 1, 2].map((ahead) => {
      const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead))
      return `m2m_tokens_${first.toISOString().slice(0, 7).replace('-', '_')}`
    })
    // A month may have ended since the start.
    expect(await partitions()).toEqual(expect.arrayContaining(['m2m_tokens_rest', names[0], names[1]]))
    expect(await partitions()).toHaveLength(4)
  })

  it('is done once where five nodes start at once', async () => {
    await Promise.all(Array.from({ length: 5 }, open))
    expect(await partitions()).toHaveLength(4)
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => onDatabase((sql) => makeMonths(sql, MAY))),
    )
    expect(outcomes.filter((each) => each.m2m_tokens_2040_05 === 'made')).toHaveLength(1)
    expect(new Set(outcomes.flatMap((each) => Object.values(each)))).toEqual(new Set(['made', 'there']))
    expect(await partitions()).toHaveLength(7)
  })

  it('has each token in the month of its id, from the first millisecond to the last', async () => {
    const storage = await openWithInstances(open)
    expect(await onDatabase((sql) => makeMonths(sql, MAY))).toEqual(MADE)
    const inMonth = async (...at: Parameters<typeof Date.UTC>) =>
      partitionOf(await issue(storage, millis(Date.UTC(...at))))
    expect(await inMonth(2040, 3, 30, 23, 59, 59, 999)).toBe('m2m_tokens_rest')
    expect(await inMonth(2040, 4, 1)).toBe('m2m_tokens_2040_05')
    expect(await inMonth(2040, 4, 31, 23, 59, 59, 999)).toBe('m2m_tokens_2040_05')
    expect(await inMonth(2040, 5, 1)).toBe('m2m_tokens_2040_06')
    expect(await inMonth(2040, 7, 1)).toBe('m2m_tokens_rest')
  })

  it('leaves what is in the default partition there, and makes the other months', async () => {
    const storage = await openWithInstances(open)
    const token = await issue(storage, MAY)
    expect(await onDatabase((sql) => makeMonths(sql, MAY))).toEqual({
      ...MADE,
      m2m_tokens_2040_05: 'in_default',
    })
    expect(await partitionOf(token)).toBe('m2m_tokens_rest')
    expect(await partitionOf(await issue(storage, MAY))).toBe('m2m_tokens_rest')
  })

  // Stops one long transaction from making every request wait behind the one that wants a partition.
  it('gives up soon where somebody holds the table, and is done the next time', async () => {
    const storage = await openWithInstances(open)
    const holder = new Client({ connectionString: database.url })
    await holder.connect()
    try {
      await holder.query('begin; lock table m2m_tokens_rest in access share mode')
      const outcomes = await onDatabase((sql) => makeMonths(sql, MAY))
      expect(new Set(Object.values(outcomes))).toEqual(new Set(['busy']))
      await issue(storage, millis(MAY - 60 * DAY_MS))
    } finally {
      await holder.end()
    }
    expect(await onDatabase((sql) => makeMonths(sql, MAY))).toEqual(MADE)
  })

  it('is no matter of life for a user who may not make tables', async () => {
    await (await open()).close()
    opened = []
    const role = `${database.name}_role`
    await database.query(`create role ${role} nologin`)
    try {
      await database.query(`grant select on all tables in schema public to ${role}`)
      const outcomes = await onDatabase(async (sql) => {
        await sql.run(`set role ${role}`)
        return makeMonths(sql, MAY)
      })
      expect(new Set(Object.values(outcomes))).toEqual(new Set(['not_allowed']))
    } finally {
      await database.query(`drop owned by ${role}; drop role ${role}`)
    }
  })
})

describe('dropping partitions', () => {
  const END_OF_MAY = Date.UTC(2040, 5, 1)
  const RETENTION_MS = 30 * DAY_MS
  /** When a token of May may be dropped with its month at the earliest. */
  const DROP_AT = millis(END_OF_MAY + RETENTION_MS + DAY_MS)

  it('happens to a month that is over, with the uses of its tokens', async () => {
    const storage = await openWithInstances(open)
    await storage.sweep(MAY)
    const tokens = [
      await issue(storage, MAY, { expiresAt: millis(MAY + 1) }),
      await issue(storage, MAY, { expiresAt: null, revokedAt: millis(MAY + 1) }),
    ]
    for (const { id } of tokens) storage.m2mTokenUses.note(id, MAY)
    await storage.flush()
    const young = await issue(storage, millis(Date.UTC(2040, 5, 2)), { expiresAt: DROP_AT })
    await storage.sweep(millis(DROP_AT - 1))
    expect(await partitions()).toContain('m2m_tokens_2040_05')
    expect(await partitionOf(tokens[0]!)).toBe('m2m_tokens_2040_05')
    await storage.sweep(DROP_AT)
    expect(await partitions()).not.toContain('m2m_tokens_2040_05')
    expect(await partitionOf(young)).toBe('m2m_tokens_2040_06')
    expect(await database.query('select * from m2m_token_uses')).toEqual([])
  })

  it.each([
    ['never expires', { expiresAt: null }],
    ['has expired a millisecond too late', { expiresAt: millis(DROP_AT - RETENTION_MS + 1) }],
    ['is good for years', { expiresAt: millis(MAY + 3_000 * DAY_MS) }],
    ['was revoked long before it expires', { expiresAt: millis(MAY + 3_000 * DAY_MS), revokedAt: MAY }],
  ])('does not happen to a month with one token that %s; the others go', async (_name, change) => {
    const storage = await openWithInstances(open)
    await storage.sweep(MAY)
    const over = [await issue(storage, MAY, { expiresAt: millis(MAY + 1) })]
    const kept = await issue(storage, millis(MAY + 1), change)
    over.push(await issue(storage, millis(MAY + 2), { expiresAt: millis(MAY + 3) }))
    await storage.sweep(DROP_AT)
    expect(await partitionOf(kept)).toBe('m2m_tokens_2040_05')
    expect(await Promise.all(over.map(partitionOf))).toEqual([undefined, undefined])
  })

  it('happens once where several nodes sweep at once', async () => {
    const storages = [await openWithInstances(open), await open(), await open()]
    await storages[0]!.sweep(MAY)
    const over = await issue(storages[0]!, MAY, { expiresAt: millis(MAY + 1) })
    const kept = await issue(storages[0]!, millis(Date.UTC(2040, 5, 2)))
    await Promise.all(storages.map((storage) => storage.sweep(DROP_AT)))
    expect(await partitionOf(over)).toBeUndefined()
    expect(await partitionOf(kept)).toBe('m2m_tokens_2040_06')
  })

  it('gives up soon where somebody reads the table, and is done the next time', async () => {
    const storage = await openWithInstances(open)
    await storage.sweep(MAY)
    await issue(storage, MAY, { expiresAt: millis(MAY + 1) })
    const until = millis(DROP_AT - RETENTION_MS)
    const holder = new Client({ connectionString: database.url })
    await holder.connect()
    try {
      await holder.query('begin; select count(*) from m2m_tokens')
      expect(await onDatabase((sql) => dropMonths(sql, until))).toEqual({ m2m_tokens_2040_05: 'busy' })
    } finally {
      await holder.end()
    }
    expect(await onDatabase((sql) => dropMonths(sql, until))).toEqual({ m2m_tokens_2040_05: 'dropped' })
  })

  it('leaves the tokens of months that are not past to be dropped with them', async () => {
    await open()
    await onDatabase((sql) => makeMonths(sql, MAY))
    const before = (at: number) => onDatabase((sql) => idBeforeMonths(sql, millis(at)))
    const ofMonth = (month: number) => idAt('m2mTokens', millis(Date.UTC(2040, month)))
    // The months that were made at the start come first, and those are past by then.
    expect(await before(Date.UTC(2040, 4, 20))).toBe(ofMonth(4))
    expect(await before(END_OF_MAY)).toBe(ofMonth(4))
    expect(await before(END_OF_MAY + DAY_MS)).toBe(ofMonth(5))
    expect(await before(Date.UTC(2041, 0, 1))).toBe(idAt('m2mTokens', millis(Date.UTC(2041, 0, 1))))
  })
})
