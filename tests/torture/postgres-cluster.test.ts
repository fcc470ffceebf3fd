import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPostgresCluster, type ClusterMember, type PostgresCluster } from './postgres-cluster.ts'

const CLIENTS = 8
/** Long enough for an answer to come that should not. */
const A_WHILE_MS = 100

let cluster: PostgresCluster

beforeEach(async () => {
  cluster = await startPostgresCluster()
  await ask(cluster.primary, 'create table words (word text primary key)')
})

afterEach(() => cluster.close())

// oxlint-disable-next-line typescript/no-explicit-any -- what a row holds is what is being tested
async function ask(member: ClusterMember, sql: string, ...values: unknown[]): Promise<any[]> {
  const client = new Client({ connectionString: member.url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql, values)).rows
  } finally {
    await client.end()
  }
}

const wordsOf = async (member: ClusterMember): Promise<string[]> =>
  (await ask(member, 'select word from words')).map(({ word }) => word)

/** Inserts words from several clients until their connections break. @returns what they were told is kept */
function insertUntilBroken(
  member: ClusterMember,
  name: string,
): { acknowledged: string[]; ended: Promise<unknown> } {
  const acknowledged: string[] = []
  const insert = async (number: number) => {
    const client = new Client({ connectionString: member.url })
    client.on('error', () => {})
    try {
      await client.connect()
      for (let count = 0; ; count++) {
        const word = `${name} ${number}.${count}`
        await client.query('insert into words values ($1)', [word])
        acknowledged.push(word)
      }
    } catch {
      // It was killed.
    }
  }
  return { acknowledged, ended: Promise.all(Array.from({ length: CLIENTS }, (_, number) => insert(number))) }
}

async function killUnderLoad(name: string): Promise<string[]> {
  const { primary } = cluster
  const { acknowledged, ended } = insertUntilBroken(primary, name)
  while (acknowledged.length < 500) await sleep(1)
  await primary.kill9()
  await ended
  expect(primary.running()).toBe(false)
  return acknowledged
}

describe('a cluster of two', () => {
  it('loses nothing that it acknowledged when the primary is killed and the standby promoted, twice', async () => {
    const acknowledged = await killUnderLoad('first')
    await cluster.promote()
    expect(await wordsOf(cluster.primary)).toEqual(expect.arrayContaining(acknowledged))

    await cluster.addStandby()
    acknowledged.push(...(await killUnderLoad('second')))
    await cluster.promote()
    const kept = new Set(await wordsOf(cluster.primary))
    expect(acknowledged.filter((word) => !kept.has(word))).toEqual([])
    expect(kept.size - acknowledged.length).toBeLessThanOrEqual(2 * CLIENTS)
    expect(await ask(cluster.primary, "insert into words values ('alone') returning word")).toHaveLength(1)
  })

  it('keeps what it acknowledged when the primary is killed, or restarted at once, and comes back', async () => {
    const acknowledged = await killUnderLoad('killed')
    await cluster.primary.start()
    const { acknowledged: more, ended } = insertUntilBroken(cluster.primary, 'restarted')
    while (more.length < 100) await sleep(1)
    await cluster.primary.restart()
    await ended
    const kept = new Set(await wordsOf(cluster.primary))
    expect([...acknowledged, ...more].filter((word) => !kept.has(word))).toEqual([])
    await ask(cluster.primary, "insert into words values ('both')")
    expect(await wordsOf(cluster.standby!)).toEqual(expect.arrayContaining(['both']))
  })

  it('acknowledges nothing while its standby is paused, and goes on once that is resumed', async () => {
    cluster.standby!.pause()
    let done = false
    const inserting = ask(cluster.primary, "insert into words values ('late')").then(() => (done = true))
    await sleep(A_WHILE_MS)
    expect(done).toBe(false)
    cluster.standby!.resume()
    await inserting
  })

  it('answers nothing while its primary is paused, and leaves two primaries if the other is promoted', async () => {
    cluster.primary.pause()
    let answered = false
    const asking = ask(cluster.primary, 'select').finally(() => (answered = true))
    await sleep(A_WHILE_MS)
    expect(answered).toBe(false)
    const former = await cluster.promote()
    await ask(cluster.primary, "insert into words values ('new')")
    former.resume()
    await asking
    expect(await ask(former, 'select pg_is_in_recovery() as standby')).toEqual([{ standby: false }])
    expect(await wordsOf(former)).toEqual([])
    expect(await wordsOf(cluster.primary)).toEqual(['new'])
  })

  it('has checksums, fsync and a standby for which commits wait', async () => {
    const settings =
      "select name, setting from pg_settings where name = any('{data_checksums,fsync,synchronous_commit}')"
    for (const member of [cluster.primary, cluster.standby!]) {
      expect((await ask(member, settings)).map(({ setting }) => setting)).toEqual(['on', 'on', 'on'])
    }
    expect(await ask(cluster.primary, 'select sync_state from pg_stat_replication')).toEqual([
      { sync_state: 'sync' },
    ])
  })
})
