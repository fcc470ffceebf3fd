import { describe, expect, it } from 'vitest'
import type { ActorTokenId } from '../../../packages/server/src/core/ids.ts'
import { anActorToken, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

export function actorTokenStoreConformance(open: Open): void {
  describe('the store of actor tokens', () => {
    it('gives back a token as it was inserted, whatever its status and its actor', async () => {
      const storage = await openWithInstances(open)
      const actor = { sub: 'user_a', 'née "x"': [1, { deep: '😀' }], iss: 'https://a.example' }
      const tokens = [
        anActorToken({ actor }),
        anActorToken({ actor: JSON.parse('{"sub":"a","__proto__":{"b":1}}') }),
        anActorToken({ status: 'accepted' }),
        anActorToken({ status: 'revoked', expiresAt: later(-1) }),
      ]
      for (const token of tokens) {
        await storage.transaction(({ actorTokens }) => actorTokens.insert(token))
        expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(token)
      }
    })

    it('finds no token for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = anActorToken()
      await storage.transaction(({ actorTokens }) => actorTokens.insert(token))
      expect(await storage.read.actorTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.actorTokens.find(HERE, 'act_none' as ActorTokenId)).toBeNull()
    })

    it('revokes a pending token, expired or not, and changes nothing else of it', async () => {
      const storage = await openWithInstances(open)
      for (const token of [anActorToken(), anActorToken({ expiresAt: later(-1) })]) {
        await storage.transaction(({ actorTokens }) => actorTokens.insert(token))
        const revoked = { ...token, status: 'revoked', updatedAt: later(5) }
        const answer = await storage.transaction(({ actorTokens }) =>
          actorTokens.change(HERE, token.id, 'revoked', later(5)),
        )
        expect(answer).toEqual(revoked)
        expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(revoked)
      }
    })

    // Stops a revocation of what was redeemed already from hiding that it was.
    it.each(['accepted', 'revoked'] as const)('leaves a token that is %s as it is', async (status) => {
      const storage = await openWithInstances(open)
      const token = anActorToken({ status })
      await storage.transaction(({ actorTokens }) => actorTokens.insert(token))
      const answer = await storage.transaction(({ actorTokens }) =>
        actorTokens.change(HERE, token.id, 'revoked', later(5)),
      )
      expect(answer).toBeNull()
      expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(token)
    })

    // A20: stops one instance from ending the tokens of another.
    it('leaves a token of another instance as it is', async () => {
      const storage = await openWithInstances(open)
      const token = anActorToken({ instanceId: ELSEWHERE })
      await storage.transaction(({ actorTokens }) => actorTokens.insert(token))
      const answer = await storage.transaction(({ actorTokens }) =>
        actorTokens.change(HERE, token.id, 'revoked', later(5)),
      )
      expect(answer).toBeNull()
      expect(await storage.read.actorTokens.find(ELSEWHERE, token.id)).toEqual(token)
    })

    // Stops two answers from both saying that theirs was the revocation.
    it('lets exactly one of all who revoke at once be the one', async () => {
      const storage = await openWithInstances(open)
      const token = anActorToken()
      await storage.transaction(({ actorTokens }) => actorTokens.insert(token))
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          storage.transaction(({ actorTokens }) =>
            actorTokens.change(HERE, token.id, 'revoked', later(index)),
          ),
        ),
      )
      expect(answers.filter((answer) => answer !== null)).toHaveLength(1)
    })
  })
}
