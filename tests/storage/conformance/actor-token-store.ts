import { describe, expect, it } from 'vitest'
import type { ActorTokenId, UserId } from '../../../packages/server/src/core/ids.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { ActorToken } from '../../../packages/server/src/tokens/actor-tokens/actor-token.ts'
import type { ActorTokenQuery } from '../../../packages/server/src/tokens/actor-tokens/store.ts'
import { anActorToken, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

const insert = (storage: Storage, token: ActorToken) =>
  storage.transaction(({ actorTokens }) => actorTokens.insert(token))

const CHANGES = ['accepted', 'revoked'] as const

const change = (storage: Storage, id: ActorTokenId, to: (typeof CHANGES)[number], at = later(5)) =>
  storage.transaction(({ actorTokens }) => actorTokens.change(HERE, id, to, at))

export function actorTokenStoreConformance(open: Open): void {
  describe('the store of actor tokens', () => {
    it('gives back a token as it was inserted, whatever its status and its actor', async () => {
      const storage = await openWithInstances(open)
      const actor = { sub: 'user_a', 'née "x"': [1, { deep: '😀' }], iss: 'https://a.example' }
      const tokens = [
        anActorToken({ actor }),
        anActorToken({ actor: JSON.parse('{"sub":"a","__proto__":{"b":1}}') }),
        anActorToken({ status: 'accepted' }),
        anActorToken({ reason: 'a "reason"\n', reference: '#42 😀', permissions: ['read', 'née'] }),
        anActorToken({ permissions: [] }),
        anActorToken({ status: 'revoked', expiresAt: later(-1) }),
      ]
      for (const token of tokens) {
        await insert(storage, token)
        expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(token)
      }
    })

    it('finds no token for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = anActorToken()
      await insert(storage, token)
      expect(await storage.read.actorTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.actorTokens.find(HERE, 'act_none' as ActorTokenId)).toBeNull()
    })

    it('takes no id twice, and keeps the first', async () => {
      const storage = await openWithInstances(open)
      const token = anActorToken()
      await insert(storage, token)
      await expect(insert(storage, { ...token, actor: { sub: 'another' } })).rejects.toThrow()
      expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(token)
    })

    it.each(CHANGES)('changes a pending token to %s, expired or not, and nothing else of it', async (to) => {
      const storage = await openWithInstances(open)
      const more = { reason: 'a reason', reference: '#1', permissions: ['read'] }
      for (const token of [anActorToken(more), anActorToken({ expiresAt: later(-1) })]) {
        await insert(storage, token)
        const changed = { ...token, status: to, updatedAt: later(5) }
        expect(await change(storage, token.id, to)).toEqual(changed)
        expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(changed)
      }
    })

    // Stops a ticket from being redeemed twice or after its revocation, and a revocation from hiding that it was redeemed.
    it.each(CHANGES.flatMap((from) => CHANGES.map((to) => [from, to] as const)))(
      'leaves a token that is %s as it is when it is to be %s',
      async (status, to) => {
        const storage = await openWithInstances(open)
        const token = anActorToken({ status })
        await insert(storage, token)
        expect(await change(storage, token.id, to)).toBeNull()
        expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(token)
      },
    )

    // A20: stops one instance from ending, or redeeming, the tokens of another.
    it.each(CHANGES)('leaves a token of another instance as it is when it is to be %s', async (to) => {
      const storage = await openWithInstances(open)
      const token = anActorToken({ instanceId: ELSEWHERE })
      await insert(storage, token)
      expect(await change(storage, token.id, to)).toBeNull()
      expect(await storage.read.actorTokens.find(ELSEWHERE, token.id)).toEqual(token)
    })

    // Stops two answers from both saying that theirs was the one, of a redemption above all.
    it.each([
      ['accept', CHANGES.slice(0, 1)],
      ['revoke', CHANGES.slice(1)],
      ['accept or revoke', CHANGES],
    ])(
      'lets exactly one of all who %s at once be the one, and keeps what that one did',
      async (_what, to) => {
        const storage = await openWithInstances(open)
        const token = anActorToken()
        await insert(storage, token)
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            change(storage, token.id, to[index % to.length]!, later(index)),
          ),
        )
        const winners = answers.filter((answer) => answer !== null)
        expect(winners).toHaveLength(1)
        expect(await storage.read.actorTokens.find(HERE, token.id)).toEqual(winners[0])
      },
    )
  })

  describe('the list of actor tokens', () => {
    const listed = (storage: Storage, query: Partial<ActorTokenQuery> = {}, page: object = {}) =>
      storage.read.actorTokens.list(
        HERE,
        { userId: null, status: null, ...query },
        { limit: 500, offset: 0, ...page },
      )

    it('is of one instance, newest first, in pages that say how many there are', async () => {
      const storage = await openWithInstances(open)
      const all = Array.from({ length: 5 }, () => anActorToken({ reason: 'why' }))
      for (const index of [3, 0, 4, 1, 2]) await insert(storage, all[index]!)
      await insert(storage, anActorToken({ instanceId: ELSEWHERE }))
      const newestFirst = all.toReversed()
      expect(await listed(storage)).toEqual({ tokens: newestFirst, totalCount: 5 })
      for (const offset of [0, 2, 4, 5]) {
        const tokens = newestFirst.slice(offset, offset + 2)
        expect(await listed(storage, {}, { limit: 2, offset })).toEqual({ tokens, totalCount: 5 })
      }
    })

    it('is narrowed by user, by status, and by both', async () => {
      const storage = await openWithInstances(open)
      const { userId } = anActorToken()
      const pending = anActorToken({ userId, expiresAt: later(-1) })
      const accepted = anActorToken({ userId, status: 'accepted' })
      const ofAnother = anActorToken({ status: 'accepted' })
      for (const token of [pending, accepted, ofAnother]) await insert(storage, token)
      const tokens = async (query: Partial<ActorTokenQuery>) => {
        const found = await listed(storage, query)
        expect(found.totalCount).toBe(found.tokens.length)
        return found.tokens
      }
      expect(await tokens({ userId })).toEqual([accepted, pending])
      expect(await tokens({ status: 'accepted' })).toEqual([ofAnother, accepted])
      expect(await tokens({ userId, status: 'accepted' })).toEqual([accepted])
      expect(await tokens({ userId, status: 'revoked' })).toEqual([])
      expect(await tokens({ userId: 'user_none' as UserId })).toEqual([])
    })
  })
}
