/** Copies between stores: the same rows on both sides, or a sentence that says why not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource, type Place } from '../../packages/server/src/storage/transfer/connection.ts'
import { copy, type CopyProgress } from '../../packages/server/src/storage/transfer/copy.ts'
import {
  emptyPlace,
  fill,
  isActive,
  KINDS,
  removePlaces,
  rowsOf,
  serve,
  takeBackup,
  type World,
} from './transfer-world.ts'

let origin: Place
let world: World

beforeAll(async () => {
  origin = await emptyPlace('sqlite')
  const served = await serve(origin)
  world = await fill(served)
  // More than one page.
  for (let count = 0; count < 300; count++) {
    await served.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, { claims: { count } })
  }
  await served.close()
})

afterAll(removePlaces)

class Stopped extends Error {}

/** Stops as a process that ends would, in the middle of a step. */
async function copyUntil(from: Place, to: Place, stop: (progress: CopyProgress) => boolean): Promise<void> {
  await expect(
    copy(from, to, (progress) => {
      if (stop(progress)) throw new Stopped()
    }),
  ).rejects.toBeInstanceOf(Stopped)
}

describe('copying', () => {
  it('from SQLite to PostgreSQL and back changes nothing, and every token stays good', async () => {
    const [there, back] = [await emptyPlace('postgres'), await emptyPlace('sqlite')]
    await copy(origin, there, () => {})
    await copy(there, back, () => {})
    const before = await rowsOf(origin)
    expect(await rowsOf(there)).toEqual(before)
    expect(await rowsOf(back)).toEqual(before)
    for (const place of [there, back]) {
      const served = await serve(place)
      expect(await isActive(served, world, world.opaque)).toBe(true)
      expect(await isActive(served, world, world.jwt)).toBe(true)
      await served.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
      await served.close()
      const numbers = (await rowsOf(place)).audit_events!.map((line) => JSON.parse(line)[0])
      expect(numbers.at(-1)).toBe(before.audit_events!.length + 1)
    }
  })

  it.each(KINDS)('into %s goes on wherever it was stopped', async (kind) => {
    const target = await emptyPlace(kind)
    const before = await rowsOf(origin)
    const total = Object.values(before).reduce((sum, rows) => sum + rows.length, 0)
    for (const share of [0, 0.2, 0.6]) {
      await copyUntil(origin, target, ({ done }) => done >= share * total)
    }
    await copyUntil(origin, target, ({ step }) => step === 'verify')
    const summary = await copy(origin, target, () => {})
    expect(summary.resumedAt).toBe(total)
    expect(await rowsOf(target)).toEqual(before)
  })

  it.each(KINDS)('leaves what it has begun in %s useless for anything else', async (kind) => {
    const target = await emptyPlace(kind)
    await copyUntil(origin, target, ({ done }) => done > 0)
    const unfinished = /A copy into this database was not finished/
    await expect(openSource(target)).rejects.toThrow(unfinished)
    await expect(takeBackup(target)).rejects.toThrow(unfinished)
    const other = await emptyPlace('sqlite')
    await (await serve(other)).close()
    await expect(copy(other, target, () => {})).rejects.toThrow(/A copy of another source/)
    await copy(origin, target, () => {})
    expect(await rowsOf(target)).toEqual(await rowsOf(origin))
  })

  it.each(KINDS)('overwrites nothing in %s', async (kind) => {
    const target = await emptyPlace(kind)
    await (await serve(target)).close()
    const before = await rowsOf(target)
    await expect(copy(origin, target, () => {})).rejects.toThrow(/The database is not empty/)
    expect(await rowsOf(target)).toEqual(before)
  })

  it.each(KINDS)('from %s finds out that the source was changed behind its back', async (kind) => {
    const [source, target] = [await emptyPlace(kind), await emptyPlace('sqlite')]
    const served = await serve(source)
    const own = await fill(served)
    await copyUntil(source, target, ({ step }) => step === 'verify')
    await served.request('POST', `/v1/m2m_tokens/${own.opaque.id}/revoke`, own.issuer.secretKey, {})
    await served.close()
    await expect(copy(source, target, () => {})).rejects.toThrow(
      /The copy is not the same as its source \(m2m_tokens\)/,
    )
    await expect(openSource(target)).rejects.toThrow(/was not finished/)
  })

  it('lets one process at a time copy into a database', async () => {
    const target = await emptyPlace('postgres')
    const outcomes = await Promise.allSettled([
      copy(origin, target, () => {}),
      copy(origin, target, () => {}),
    ])
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    expect(failed).toHaveLength(1)
    expect(String((failed[0] as PromiseRejectedResult).reason)).toMatch(/under way|not empty/)
    expect(await rowsOf(target)).toEqual(await rowsOf(origin))
  })
})
