/** What a server says and keeps while its disk is full, and afterwards. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev } from '../support/server-process.ts'
import { DISKS, type FullDiskServer } from './full-disk.ts'
import {
  compareRecords,
  compareVerdicts,
  createLedger,
  issue,
  revoke,
  type Ledger,
  type LedgerEntry,
} from './ledger.ts'
import { createM2mClient, type Answer, type Format, type M2mClient } from './m2m-client.ts'

describe.each(DISKS)('a server $name', ({ start }) => {
  const ledger: Ledger = createLedger()
  let server: FullDiskServer
  let client: M2mClient
  let issuedBefore: LedgerEntry[]

  beforeAll(async () => {
    server = await start()
    client = createM2mClient(server)
    for (let count = 0; count < 40; count++) await issue(ledger, client, count % 4 === 0 ? 'jwt' : 'opaque')
    for (const entry of ledger.entries.slice(0, 10)) await revoke(ledger, client, entry)
    issuedBefore = [...ledger.entries]
    expect(issuedBefore).toHaveLength(40)
    server.fill()
  })

  afterAll(() => server.stop())

  it('refuses to issue and to revoke with 503, Retry-After and service_unavailable', async () => {
    await issueUntilFull()
    await issueOrBeRefused('jwt')
    const entry = ledger.entries.find(({ revocation }) => revocation === 'not asked')!
    const answer = await client.revoke(entry.id)
    if (answer?.status === 200) entry.revocation = 'acknowledged'
    else expectUnavailable(answer)
  })

  it('refuses each of many that ask together, or serves it', async () => {
    const served = await Promise.all(Array.from({ length: 50 }, () => issueOrBeRefused('opaque')))
    expect(served).toContain(false)
  })

  it('goes on verifying everything it acknowledged, and refusing what it revoked', async () => {
    expect(await compareVerdicts(ledger.entries, client, isRevoked)).toEqual([])
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
  })

  it('goes on verifying after five seconds in which it could not write when tokens were used', async () => {
    await sleep(5_000)
    expect(await compareVerdicts(ledger.entries, client, isRevoked)).toEqual([])
    expect((await fetch(`${server.url}/.well-known/jwks.json`)).status).toBe(200)
    await issueUntilFull()
  })

  it('has kept what it acknowledged, and nothing else', () => {
    const copy = server.copy()
    const wrong = compareRecords(ledger, copy)
    removeFolder(copy)
    expect(wrong).toEqual([])
  })

  it('issues and revokes again once there is space, without a restart', async () => {
    server.free()
    const before = ledger.entries.length
    for (let count = 0; count < 20; count++) expect(await issue(ledger, client, 'opaque')).toBe(true)
    for (const entry of issuedBefore.slice(10, 20)) await revoke(ledger, client, entry)
    expect(ledger.refusals).toEqual([])
    expect(ledger.entries).toHaveLength(before + 20)
    expect(await compareVerdicts(ledger.entries, client, isRevoked)).toEqual([])
  })

  it('has lost nothing when it is started again on that folder', async () => {
    const copy = server.copy()
    const again = await startDev({ data: copy })
    const wrong = [
      ...compareRecords(ledger, copy),
      ...(await compareVerdicts(ledger.entries, createM2mClient(again), isRevoked)),
    ]
    expect(await again.stop()).toBe(0)
    removeFolder(copy)
    expect(wrong).toEqual([])
  })

  it('stops in order', async () => {
    expect(await server.stop()).toBe(0)
  })

  /** Some space is left in what SQLite has already taken: full it is when ten in a row are refused. */
  async function issueUntilFull(): Promise<void> {
    let refusals = 0
    for (let asked = 0; refusals < 10; asked++) {
      expect(asked, 'the disk must fill').toBeLessThan(5_000)
      refusals = (await issueOrBeRefused('opaque')) ? 0 : refusals + 1
    }
  }

  /** A commit that needs fewer pages than the one before may still fit: then it counts. */
  async function issueOrBeRefused(format: Format): Promise<boolean> {
    const answer = await client.issue(format)
    if (answer?.status !== 201) {
      expectUnavailable(answer)
      return false
    }
    const { id, token } = answer.body
    ledger.entries.push({ id, token, revocation: 'not asked' })
    return true
  }

  function isRevoked(id: string): boolean {
    return ledger.entries.find((entry) => entry.id === id)!.revocation === 'acknowledged'
  }
})

function expectUnavailable(answer: Answer | null): void {
  expect(answer?.status).toBe(503)
  expect(answer?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(answer?.body.errors[0].code).toBe('service_unavailable')
}
