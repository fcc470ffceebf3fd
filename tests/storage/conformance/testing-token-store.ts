import { describe, expect, it } from 'vitest'
import type { TestingTokenId } from '../../../packages/server/src/core/ids.ts'
import { aTestingToken, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

export function testingTokenStoreConformance(open: Open): void {
  describe('the store of testing tokens', () => {
    it('gives back a token as it was inserted, expired or not', async () => {
      const storage = await openWithInstances(open)
      for (const token of [aTestingToken(), aTestingToken({ expiresAt: later(-1) })]) {
        await storage.transaction(({ testingTokens }) => testingTokens.insert(token))
        expect(await storage.read.testingTokens.find(HERE, token.id)).toEqual(token)
      }
    })

    // A30: stops a testing token from being found for another instance than its own.
    it('finds no token for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken()
      await storage.transaction(({ testingTokens }) => testingTokens.insert(token))
      expect(await storage.read.testingTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.testingTokens.find(HERE, 'tt_none' as TestingTokenId)).toBeNull()
    })

    it('takes no id twice, and keeps the first', async () => {
      const storage = await openWithInstances(open)
      const token = aTestingToken()
      await storage.transaction(({ testingTokens }) => testingTokens.insert(token))
      const again = { ...token, expiresAt: later(9_999_999) }
      await expect(storage.transaction(({ testingTokens }) => testingTokens.insert(again))).rejects.toThrow()
      expect(await storage.read.testingTokens.find(HERE, token.id)).toEqual(token)
    })
  })
}
