/** The short form of `npm run torture`, with the seed of each run printed when it fails. */
import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChance } from './chance.ts'
import { FAULTS } from './faults.ts'
import { runKills } from './kills.ts'
import { measureLatency, measureStaleness } from './latency.ts'
import { runStorm } from './storm.ts'
import { createWorld, type World } from './world.ts'

const LEASE_MS = 1_000
const seed = randomInt(2 ** 31)
/** It only ends what hangs. */
const LONGEST_MS = 300_000

let world: World

beforeAll(async () => {
  world = await createWorld({
    store: 'postgres',
    leaseMs: LEASE_MS,
    listen: true,
    proxied: true,
    clocks: false,
  })
}, LONGEST_MS)

afterAll(() => world.close())

describe(`three nodes on one database, by chance ${seed}`, () => {
  it(
    'accept nothing that was revoked longer ago than the lease, when they are cut off too',
    async () => {
      const measured = await measureLatency(world, 10, createChance(seed))
      expect(measured.violations).toEqual([])
      expect(measured.latency.sameNode.lastAccepted).toMatchObject({ count: 10, max: 0 })
      expect(measured.latency.otherNodes.firstRefused.count).toBe(20)
      for (const [cut, { violations, latency }] of Object.entries(await measureStaleness(world, 1))) {
        expect(violations, cut).toEqual([])
        expect(latency.otherNodes.firstRefused.count, cut).toBe(2)
      }
    },
    LONGEST_MS,
  )

  it(
    'lose nothing that they acknowledged and accept nothing that they must not, whatever goes wrong',
    async () => {
      const { violations, surprises, redemptions, faults, calls } = await runStorm(world, FAULTS, {
        seconds: 12,
        chance: createChance(seed),
      })
      expect({ violations, surprises }).toEqual({ violations: [], surprises: [] })
      expect(redemptions.wrong).toEqual([])
      expect(redemptions.won).toBeGreaterThan(0)
      expect(Object.keys(faults).length).toBeGreaterThan(1)
      for (const kind of ['issue', 'idempotent_issue', 'verify', 'revoke']) {
        expect(calls[`${kind} ok`], kind).toBeGreaterThan(0)
      }
    },
    LONGEST_MS,
  )

  it(
    'have lost nothing when one of them was killed again and again, or its database',
    async () => {
      const report = await runKills(world, { kills: 10, chance: createChance(seed), databaseEvery: 5 })
      expect(report.wrong).toEqual([])
      expect(report.acknowledged.revoked).toBeGreaterThan(0)
      expect(report.unanswered).toBeGreaterThan(0)
    },
    LONGEST_MS,
  )
})
