import { describe, expect, it } from 'vitest'
import type { TestingTokenId } from '../../../packages/server/src/core/ids.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { TestingToken } from '../../../packages/server/src/tokens/testing-tokens/testing-token.ts'
import { aTestingToken, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

const insert = (storage: Storage, token: TestingToken) =>
  storage.transaction(({ testingTokens }) => testingTokens.insert(token))
const find = (storage: Storage, { instanceId, id }: TestingToken) =>
  storage.read.testingTokens.find(instanceId, id)
const use = (storage: Storage, id: TestingTokenId, instanceId = HERE) =>
  storage.transaction(({ testingTokens }) => testingTokens.use(instanceId, id))
const revoke = (storage: Storage, id: TestingTokenId, at = later(5)) =>
  storage.transaction(({ testingTokens }) => testingTokens.revoke(HERE, id, at))

export function testingTokenStoreConformance(open: Open): void {
  describe('the store of testing tokens', () => {
    it('gives back a token as it was inserted, expired, revoked or not', async () => {
      const storage = await openWithInstances(open)
      for (const token of [
        aTestingToken(),
        aTestingToken({ expiresAt: later(-1) }),
        aTestingToken({ label: 'a "label" 😀', maxUses: 1_000_000, uses: 7, revokedAt: later(3) }),
      ]) {
        await insert(storage, token)
        expect(await storage.read.testingTokens.find(HERE, token.id)).toEqual(token)
      }
    })

    // A30: stops a testing token from being found for another instance than its own.
    it('finds no token for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken()
      await insert(storage, token)
      expect(await storage.read.testingTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.testingTokens.find(HERE, 'tt_none' as TestingTokenId)).toBeNull()
    })

    it('takes no id twice, and keeps the first', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken()
      await insert(storage, token)
      const again = { ...token, expiresAt: later(9_999_999) }
      await expect(insert(storage, again)).rejects.toThrow()
      expect(await storage.read.testingTokens.find(HERE, token.id)).toEqual(token)
    })
  })

  describe('the list of testing tokens', () => {
    it('is of one instance, newest first, in pages that say how many there are', async () => {
      const storage = await openWithInstances(open)
      const all = Array.from({ length: 5 }, (_, index) => aTestingToken({ label: `label ${index}` }))
      for (const index of [3, 0, 4, 1, 2]) await insert(storage, all[index]!)
      await insert(storage, aTestingToken({ instanceId: ELSEWHERE }))
      const newestFirst = all.toReversed()
      for (const [limit, offset] of [
        [500, 0],
        [2, 0],
        [2, 4],
        [2, 5],
      ] as const) {
        expect(await storage.read.testingTokens.list(HERE, { limit, offset })).toEqual({
          tokens: newestFirst.slice(offset, offset + limit),
          totalCount: 5,
        })
      }
    })
  })

  describe('revoking a testing token', () => {
    it('keeps when, changes nothing else, and leaves one that is revoked as it is', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken({ maxUses: 3, uses: 1, expiresAt: later(-1) })
      await insert(storage, token)
      const revoked = { ...token, revokedAt: later(5) }
      expect(await revoke(storage, token.id)).toEqual(revoked)
      expect(await revoke(storage, token.id, later(9))).toBeNull()
      expect(await find(storage, token)).toEqual(revoked)
    })

    it('does nothing to one of another instance, or to none', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken({ instanceId: ELSEWHERE })
      await insert(storage, token)
      expect(await revoke(storage, token.id)).toBeNull()
      expect(await revoke(storage, 'tt_none' as TestingTokenId)).toBeNull()
      expect(await find(storage, token)).toEqual(token)
    })

    it('is done by exactly one of all who ask at once', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken()
      await insert(storage, token)
      const asked = Array.from({ length: 20 }, (_, index) => revoke(storage, token.id, later(index)))
      const winners = (await Promise.all(asked)).filter((answer) => answer !== null)
      expect(winners).toHaveLength(1)
      expect(await find(storage, token)).toEqual(winners[0])
    })
  })

  describe('using a testing token', () => {
    // Stops a token for one use from letting more than one past.
    it.each([1, 7, 20])(
      'is granted %i times if that is its limit, however many ask at once',
      async (maxUses) => {
        const storage = await openWithInstances(open)
        const token = aTestingToken({ maxUses })
        await insert(storage, token)
        const answers = await Promise.all(Array.from({ length: 25 }, () => use(storage, token.id)))
        expect(answers.filter(Boolean)).toHaveLength(maxUses)
        expect(await find(storage, token)).toEqual({ ...token, uses: maxUses })
        expect(await use(storage, token.id)).toBe(false)
      },
    )

    it('counts nothing for another instance, for none, or where no use is left', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken({ maxUses: 2 })
      const usedUp = aTestingToken({ maxUses: 2, uses: 2 })
      for (const each of [token, usedUp]) await insert(storage, each)
      expect(await use(storage, token.id, ELSEWHERE)).toBe(false)
      expect(await use(storage, 'tt_none' as TestingTokenId)).toBe(false)
      expect(await use(storage, usedUp.id)).toBe(false)
      for (const each of [token, usedUp]) expect(await find(storage, each)).toEqual(each)
    })
  })
}
