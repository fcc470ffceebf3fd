/** Backup and restore, from each kind of store into each. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource, type Place } from '../../packages/server/src/storage/transfer/connection.ts'
import {
  emptyPlace,
  fill,
  isActive,
  KINDS,
  removePlaces,
  restoreInto,
  rowsOf,
  serve,
  takeBackup,
  type Kind,
  type World,
} from './transfer-world.ts'

interface Source {
  readonly place: Place
  readonly world: World
  readonly bytes: Buffer
}

const sources = {} as Record<Kind, Source>

beforeAll(async () => {
  for (const kind of KINDS) {
    const place = await emptyPlace(kind)
    const served = await serve(place)
    const world = await fill(served)
    const bytes = await takeBackup(place)
    await served.close()
    sources[kind] = { place, world, bytes }
  }
})

afterAll(removePlaces)

const PAIRS = KINDS.flatMap((from) => KINDS.map((to) => [from, to] as const))

/** The tables whose rows a restore changes, because nobody knows what was revoked since. */
const GUARDED = ['instances', 'actor_tokens', 'sign_in_tokens', 'testing_tokens', 'sessions', 'audit_events']

describe.each(PAIRS)('a backup of %s restored into %s', (from, to) => {
  it('brings back every row of every table, each of which the backup had', async () => {
    const before = await rowsOf(sources[from].place)
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([])
    const target = await emptyPlace(to)
    const summary = await restoreInto(target, sources[from].bytes)
    const after = await rowsOf(target)
    for (const [table, rows] of Object.entries(before)) {
      expect(summary.rows[table], table).toBe(rows.length)
      if (!GUARDED.includes(table)) expect(after[table], table).toEqual(rows)
    }
    expect(after.audit_events!.slice(0, before.audit_events!.length)).toEqual(before.audit_events)
  })

  it('refuses every token of before, takes new ones, and goes on with the numbers of events', async () => {
    const { world, bytes } = sources[from]
    const target = await emptyPlace(to)
    const { header } = await restoreInto(target, bytes)
    const served = await serve(target)
    try {
      expect(await isActive(served, world, world.opaque)).toBe(false)
      expect(await isActive(served, world, world.jwt)).toBe(false)
      const { status, body } = await served.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
      expect(status).toBe(201)
      expect(await isActive(served, world, body)).toBe(true)
      const path = `/v1/actor_tokens/${world.actorToken.id}/revoke`
      expect((await served.request('POST', path, world.instanceKey, {})).status).toBe(400)
    } finally {
      await served.close()
    }
    const events = (await rowsOf(target)).audit_events!.map((line) => JSON.parse(line))
    const added = events.slice(-3)
    expect(added.map(([number]) => number - header.lastAuditNumber)).toEqual([1, 2, 3])
    expect(added.map(([, , , action]) => action)).toEqual([
      'instance.restore',
      'instance.restore',
      'm2m_token.issue',
    ])
  })

  it('begins another history of the revocation log', async () => {
    const target = await emptyPlace(to)
    const { header } = await restoreInto(target, sources[from].bytes)
    const { sql, close } = await openSource(target)
    const { epoch } = (await sql.get<{ epoch: string }>('select epoch from revocation_head'))!
    await close()
    expect(epoch).toMatch(/^[0-9a-f]{16}$/)
    expect(epoch).not.toBe(header.log.epoch)
  })
})

describe.each(KINDS)('a restore into %s', (kind) => {
  const { gzip, gunzip } = { gzip: gzipSync, gunzip: gunzipSync }
  const altered = (change: (text: string) => string) => gzip(change(gunzip(sources.sqlite.bytes).toString()))

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['nothing', () => Buffer.alloc(0), /^tokens\.backup is (?:damaged or cut off|not a backup)/],
    [
      'text',
      () => Buffer.from('{"format":"mintmark-backup"}'),
      /^tokens\.backup cannot be unpacked: it is damaged, or not a backup of Mintmark\.$/,
    ],
    ['another program’s gzip', () => gzip('hello\n'), /^tokens\.backup is not a backup of Mintmark/],
    ['a newer format', () => altered((text) => text.replace('"version":1', '"version":2')), /has format 2/],
    [
      'a table it does not know',
      () => altered((text) => text.replace('{"table":"users"', '{"table":"people"')),
      /does not know \(people\)/,
    ],
    ['a file without its last byte', (bytes) => bytes.subarray(0, -1), /damaged or cut off/],
    ['half a file', (bytes) => bytes.subarray(0, bytes.length / 2), /damaged or cut off/],
    [
      'rows without an end',
      () => altered((text) => text.slice(0, text.lastIndexOf('{"end"'))),
      /its end is missing/,
    ],
    ['a row too few', () => altered((text) => text.replace(/\n\["mt_[^\n]*/, '')), /m2m_tokens is not what/],
    ['a value changed', () => altered((text) => text.replace('"Ada"', '"Eve"')), /users is not what it was/],
    [
      'a header changed',
      () => altered((text) => text.replace(/"createdAt":\d/, '"createdAt":2')),
      /its header was altered/,
    ],
    ['something after its end', () => altered((text) => `${text}[1]\n`), /something follows its end/],
  ])('refuses %s and leaves nothing', async (_what, change, message) => {
    const target = await emptyPlace(kind)
    await expect(restoreInto(target, change(sources.sqlite.bytes))).rejects.toThrow(message)
    await expectNothing(target)
  })

  it('takes no file with a byte flipped for anything but what it was', async () => {
    const { bytes } = sources.sqlite
    const target = await emptyPlace(kind)
    // The first ten bytes are gzip's own, some of which mean nothing.
    for (let at = 10; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 1 << (at % 8)
      await expect(restoreInto(target, flipped), `byte ${at}`).rejects.toThrow(
        /^tokens\.backup (?:is damaged|cannot be unpacked: it is damaged|is not a backup|has )/,
      )
    }
    await expectNothing(target)
  })

  it('refuses a store that is not empty, and changes nothing in it', async () => {
    const { place } = sources[kind]
    const before = await rowsOf(place)
    await expect(restoreInto(place, sources.sqlite.bytes)).rejects.toThrow(/nothing is ever overwritten/)
    expect(await rowsOf(place)).toEqual(before)
  })
})

async function expectNothing(target: Place): Promise<void> {
  if (target.kind === 'sqlite') {
    expect(readdirSync(target.folder)).toEqual([])
    return
  }
  // A failed one may have made tables, which are empty.
  await restoreInto(target, sources.sqlite.bytes)
}

describe.each(KINDS)('a backup of %s while others write', (kind) => {
  it('is of one moment: no token without its machine, neither without its event, no event without what it made', async () => {
    const place = await emptyPlace(kind)
    const served = await serve(place)
    let stopped = false
    let made = 0
    const write = async () => {
      while (!stopped) {
        const { body } = await served.request('POST', '/v1/machines', served.secretKey, { name: 'm' })
        await served.request('POST', '/v1/m2m_tokens', body.secret_key, {})
        made++
      }
    }
    const writers = Array.from({ length: 4 }, write)
    const backups: Buffer[] = []
    for (let count = 0; count < 5; count++) {
      const before = made
      while (made < before + 20) await new Promise((resolve) => setTimeout(resolve, 5))
      backups.push(await takeBackup(place))
    }
    stopped = true
    await Promise.all(writers)
    await served.close()
    for (const bytes of backups) {
      const target = await emptyPlace('sqlite')
      await restoreInto(target, bytes)
      expectWhole(await rowsOf(target))
      // PostgreSQL gives numbers out before it is known whether they are kept.
      if (kind === 'sqlite') await expectNoGap(target)
    }
  })
})

function expectWhole(rows: Record<string, string[]>): void {
  const read = (table: string) => rows[table]!.map((line) => JSON.parse(line))
  const machines = new Set(read('machines').map(([id]) => id))
  const tokens = read('m2m_tokens')
  const events = read('audit_events')
  expect(tokens.length).toBeGreaterThan(0)
  expect(tokens.filter(([, , machine]) => !machines.has(machine))).toEqual([])
  const targetsOf = (action: string) =>
    new Set(events.filter((event) => event[3] === action).map((event) => event[6]))
  expect(targetsOf('machine.create')).toEqual(machines)
  expect(targetsOf('m2m_token.issue')).toEqual(new Set(tokens.map(([id]) => id)))
}

async function expectNoGap(target: Place): Promise<void> {
  const numbers = (await rowsOf(target)).audit_events!.map((line) => JSON.parse(line)[0])
  expect(numbers).toEqual(numbers.map((_number, index) => index + 1))
}

it('refuses a folder with the log of a database that was moved away', async () => {
  const target = await emptyPlace('sqlite')
  const folder = target.kind === 'sqlite' ? target.folder : ''
  writeFileSync(`${folder}/mintmark.db-wal`, 'what was committed last')
  await expect(restoreInto(target, sources.sqlite.bytes)).rejects.toThrow(/mintmark\.db-wal/)
  expect(readdirSync(folder)).toEqual(['mintmark.db-wal'])
})

it('leaves no file of its own beside a database that it restored', async () => {
  const target = await emptyPlace('sqlite')
  await restoreInto(target, sources.sqlite.bytes)
  if (target.kind !== 'sqlite') return
  expect(readdirSync(target.folder)).toEqual(['mintmark.db'])
  expect(existsSync(`${target.folder}/mintmark.db`)).toBe(true)
})
