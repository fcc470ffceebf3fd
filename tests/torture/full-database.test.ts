/** What nodes say and keep while their database is read-only or its disk is full, and afterwards. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post, type Reply } from './call.ts'
import { canMount, startSmallDatabase, type SmallDatabase } from './full-database.ts'
import { createGroups, type Group } from './groups.ts'
import { removeNodes, startNodes, type ServerNode } from './node-process.ts'

interface Issued {
  readonly id: string
  readonly token: string
}

/** It only ends what hangs. */
const LONGEST_MS = 120_000
const CLIENTS = 8
const LEASE_MS = 1_000

// Mounting needs rights that not every machine gives.
describe.runIf(canMount())('nodes whose database takes no writes', () => {
  const issued: Issued[] = []
  const revoked = new Set<string>()
  let database: SmallDatabase
  let nodes: ServerNode[] = []
  let group: Group

  beforeAll(async () => {
    database = await startSmallDatabase()
    const environment = {
      MINTMARK_DATABASE_URL: database.url,
      MINTMARK_MASTER_KEY: randomBytes(32).toString('hex'),
      MINTMARK_LOG_LEVEL: 'silent',
      MINTMARK_REVOCATION_LEASE: String(LEASE_MS),
    }
    nodes = await startNodes(2, () => environment)
    ;[group] = (await createGroups(nodes[0]!.url, environment)) as [Group]
    for (let count = 0; count < 40; count++) expect((await issue(count))?.status).toBe(201)
    for (const { id } of issued.slice(0, 10)) expect((await revoke(id))?.status).toBe(200)
  }, LONGEST_MS)

  afterAll(async () => {
    await removeNodes(nodes)
    await database?.close()
  }, LONGEST_MS)

  const ask = (place: number, path: string, body: object, key = group.issuerKey) =>
    post({ url: nodes[place % 2]!.url, path: `/v1/m2m_tokens${path}`, key, body })

  async function issue(place: number): Promise<Reply | null> {
    // Larger ones fill the disk sooner.
    const claims = { padding: 'x'.repeat(2_000) }
    const reply = await ask(place, '', { claims })
    if (reply?.status === 201) issued.push(reply.body)
    return reply
  }

  async function revoke(id: string): Promise<Reply | null> {
    const reply = await ask(0, `/${id}/revoke`, {})
    if (reply?.status === 200) revoked.add(id)
    return reply
  }

  /** @returns tokens about which a node says what it must not */
  async function findWrong(some: readonly Issued[]): Promise<string[]> {
    const wrong: string[] = []
    const waiting = some.flatMap((each) => [0, 1].map((place) => ({ ...each, place })))
    const verifyNext = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const reply = await ask(next.place, '/verify', { token: next.token }, group.verifierKey)
        const expected = revoked.has(next.id) ? 404 : 200
        if (reply?.status !== expected) wrong.push(`${next.id}: ${reply?.status}, not ${expected}`)
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, verifyNext))
    return wrong
  }

  it(
    'refuse to write with 503 while it is read-only, go on verifying, and write again afterwards',
    async () => {
      await database.setReadOnly(true)
      // A connection learns of it a little later.
      for (let place = 0; place < 2; place++) while ((await issue(place))?.status === 201);
      for (let place = 0; place < 2; place++) {
        expect((await issue(place))?.status).toBe(503)
        expect((await revoke(issued[15]!.id))?.status).toBe(503)
      }
      expect(await findWrong(issued)).toEqual([])
      await database.setReadOnly(false)
      for (let place = 0; place < 2; place++) expect((await issue(place))?.status).toBe(201)
      expect((await revoke(issued[15]!.id))?.status).toBe(200)
      await sleep(LEASE_MS)
      expect(await findWrong(issued)).toEqual([])
    },
    LONGEST_MS,
  )

  it(
    'refuse to write with 503 while its disk is full, and go on verifying what was verified before',
    async () => {
      const known = issued.slice(0, 40)
      expect(await findWrong(known)).toEqual([])
      database.fill()
      const refusals: number[] = []
      const deadline = Date.now() + LONGEST_MS
      const fill = async (place: number) => {
        while (refusals.length < 20 && Date.now() < deadline) {
          const reply = await issue(place)
          if (reply?.status !== 201) refusals.push(reply?.status ?? 0)
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, (_, place) => fill(place)))
      expect(new Set(refusals)).toEqual(new Set([503]))
      expect(database.running()).toBe(true)
      // What needs no more space may still fit, and counts then.
      for (const { id } of known.slice(20, 30)) expect([200, 503]).toContain((await revoke(id))?.status)
      expect(await findWrong(known)).toEqual([])
    },
    LONGEST_MS,
  )

  it(
    'write again once there is space, without having been started again, and have lost nothing',
    async () => {
      database.free()
      await database.revive()
      const deadline = Date.now() + LONGEST_MS
      while ((await issue(0))?.status !== 201 && Date.now() < deadline) await sleep(50)
      for (let place = 0; place < 10; place++) expect((await issue(place))?.status).toBe(201)
      for (const { id } of issued.slice(10, 15)) expect((await revoke(id))?.status).toBe(200)
      await sleep(LEASE_MS)
      expect(nodes.map((node) => node.running())).toEqual([true, true])
      expect(await findWrong(issued)).toEqual([])
    },
    LONGEST_MS,
  )
})
