import { describe, expect, it } from 'vitest'
import type { InstanceId, SignInTokenId } from '../../../packages/server/src/core/ids.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { SignInToken } from '../../../packages/server/src/tokens/sign-in-tokens/sign-in-token.ts'
import { aSignInToken, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

const insert = (storage: Storage, token: SignInToken) =>
  storage.transaction(({ signInTokens }) => signInTokens.insert(token))

const CHANGES = ['accepted', 'revoked'] as const

const change = (storage: Storage, id: SignInTokenId, to: (typeof CHANGES)[number], at = later(5)) =>
  storage.transaction(({ signInTokens }) => signInTokens.change(HERE, id, to, at))

export function signInTokenStoreConformance(open: Open): void {
  describe('the store of sign-in tokens', () => {
    it('gives back a token as it was inserted, whatever its status', async () => {
      const storage = await openWithInstances(open)
      for (const status of ['pending', 'accepted', 'revoked'] as const) {
        const token = aSignInToken({ status, expiresAt: later(-1), createdAt: later(-2) })
        await insert(storage, token)
        expect(await storage.read.signInTokens.find(HERE, token.id)).toEqual(token)
      }
    })

    it('finds no token for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = aSignInToken()
      await insert(storage, token)
      expect(await storage.read.signInTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.signInTokens.find(HERE, 'sit_none' as SignInTokenId)).toBeNull()
    })

    it('takes no id twice, and no token of an instance that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = aSignInToken()
      await insert(storage, token)
      await expect(insert(storage, { ...token, status: 'accepted' })).rejects.toThrow()
      expect(await storage.read.signInTokens.find(HERE, token.id)).toEqual(token)
      await expect(insert(storage, aSignInToken({ instanceId: 'ins_none' as InstanceId }))).rejects.toThrow()
    })

    it.each(CHANGES)('changes a pending token to %s, expired or not, and nothing else of it', async (to) => {
      const storage = await openWithInstances(open)
      for (const token of [aSignInToken(), aSignInToken({ expiresAt: later(-1) })]) {
        await insert(storage, token)
        const changed = { ...token, status: to, updatedAt: later(5) }
        expect(await change(storage, token.id, to)).toEqual(changed)
        expect(await storage.read.signInTokens.find(HERE, token.id)).toEqual(changed)
      }
    })

    // Stops a ticket from being redeemed twice, or after it was revoked.
    it.each(CHANGES.flatMap((from) => CHANGES.map((to) => [from, to] as const)))(
      'leaves a token that is %s as it is when it is to be %s',
      async (status, to) => {
        const storage = await openWithInstances(open)
        const token = aSignInToken({ status })
        await insert(storage, token)
        expect(await change(storage, token.id, to)).toBeNull()
        expect(await storage.read.signInTokens.find(HERE, token.id)).toEqual(token)
      },
    )

    it('leaves a token of another instance as it is', async () => {
      const storage = await openWithInstances(open)
      const token = aSignInToken({ instanceId: ELSEWHERE })
      await insert(storage, token)
      for (const to of CHANGES) expect(await change(storage, token.id, to)).toBeNull()
      expect(await storage.read.signInTokens.find(ELSEWHERE, token.id)).toEqual(token)
    })

    it('lets exactly one of all who change a token at once be the one, and keeps what that one did', async () => {
      const storage = await openWithInstances(open)
      const token = aSignInToken()
      await insert(storage, token)
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          change(storage, token.id, CHANGES[index % 2]!, later(index)),
        ),
      )
      const winners = answers.filter((answer) => answer !== null)
      expect(winners).toHaveLength(1)
      expect(await storage.read.signInTokens.find(HERE, token.id)).toEqual(winners[0])
    })
  })
}
