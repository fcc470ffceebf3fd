import { describe, expect, it } from 'vitest'
import type { M2mTokenId, MachineId } from '../../../packages/server/src/core/ids.ts'
import { millis } from '../../../packages/server/src/core/time.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { M2mToken } from '../../../packages/server/src/tokens/m2m-tokens/m2m-token.ts'
import type { M2mTokenQuery } from '../../../packages/server/src/tokens/m2m-tokens/store.ts'
import { anM2mToken, ELSEWHERE, HERE, later, NOON, openWithInstances, type Open } from '../records.ts'

const A = 'mch_a' as MachineId
const B = 'mch_b' as MachineId
const ALL: M2mTokenQuery = {
  subject: A,
  format: 'opaque',
  revoked: true,
  expired: true,
  now: NOON,
  notBefore: { everything: null, byKey: new Map() },
  limit: 100,
  offset: 0,
}

async function insert(storage: Storage, ...tokens: M2mToken[]): Promise<void> {
  for (const token of tokens) await storage.transaction(({ m2mTokens }) => m2mTokens.insert(token))
}

const revoke = (storage: Storage, id: M2mTokenId, at: number, reason: string | null, instanceId = HERE) =>
  storage.transaction(({ m2mTokens }) => m2mTokens.revoke(instanceId, id, later(at), reason))

export function m2mTokenStoreConformance(open: Open): void {
  describe('the store of M2M tokens', () => {
    it.each<readonly [string, Partial<M2mToken>]>([
      ['an opaque one', {}],
      ['a JWT', { format: 'jwt', expiresAt: later(1_000) }],
      ['a scoped one', { scopes: [B, A] }],
      ['a revoked one', { revokedAt: later(-5), revocationReason: 'leaked "x"\n😀' }],
      ['an expired one', { expiresAt: later(-1) }],
      ['one that ends in the year 9999', { expiresAt: millis(Date.UTC(9999, 0)) }],
      ['one with claims', { claims: { b: 1, a: [null, 1.5, 'é😀'] } }],
      ['one with a name of object members', { claims: JSON.parse('{"__proto__":{"a":1},"constructor":2}') }],
      ['one with a list for claims', { claims: [1, [2]] }],
      ['one with false for claims', { claims: false }],
      ['one with text for claims', { claims: '' }],
    ])('gives back %s as it was inserted', async (_name, change) => {
      const storage = await openWithInstances(open)
      const token = anM2mToken(change)
      await insert(storage, token)
      const found = await storage.read.m2mTokens.find(HERE, token.id)
      expect(found).toEqual(token)
      expect(JSON.stringify(found!.claims)).toBe(JSON.stringify(token.claims))
    })

    it('finds no token for another instance, before or after its own has asked', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      await insert(storage, token)
      expect(await storage.read.m2mTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.m2mTokens.find(HERE, token.id)).toEqual(token)
      expect(await storage.read.m2mTokens.find(ELSEWHERE, token.id)).toBeNull()
      expect(await storage.read.m2mTokens.find(HERE, 'mt_none' as M2mTokenId)).toBeNull()
    })

    it('finds a token that was not there when it was asked for first', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      expect(await storage.read.m2mTokens.find(HERE, token.id)).toBeNull()
      await insert(storage, token)
      expect(await storage.read.m2mTokens.find(HERE, token.id)).toEqual(token)
    })

    // Stops a token from being issued over one that was revoked.
    it('takes no id twice, and keeps the first', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      await insert(storage, token)
      await revoke(storage, token.id, 1, null)
      await expect(insert(storage, token)).rejects.toThrow()
      expect((await storage.read.m2mTokens.find(HERE, token.id))!.revokedAt).toBe(later(1))
    })
  })

  describe('revoking an M2M token', () => {
    it('keeps the first time and reason, and changes nothing else', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken({ claims: { a: 1 }, expiresAt: later(9) })
      await insert(storage, token)
      const revoked = { ...token, revokedAt: later(1), revocationReason: 'first', updatedAt: later(1) }
      expect(await revoke(storage, token.id, 1, 'first')).toEqual(revoked)
      expect(await revoke(storage, token.id, 2, 'second')).toEqual(revoked)
      expect(await revoke(storage, token.id, 0, null)).toEqual(revoked)
      expect(await storage.read.m2mTokens.find(HERE, token.id)).toEqual(revoked)
    })

    // Stops a cache from answering for a token after its revocation was acknowledged.
    it('is seen by the next read, however often the token was read before', async () => {
      const storage = await openWithInstances(open)
      for (let round = 0; round < 30; round++) {
        const token = anM2mToken()
        await insert(storage, token)
        for (let reads = 0; reads < 3; reads++) await storage.read.m2mTokens.find(HERE, token.id)
        await revoke(storage, token.id, 1, null)
        expect((await storage.read.m2mTokens.find(HERE, token.id))!.revokedAt).toBe(later(1))
      }
    })

    // A20: stops one instance from ending the tokens of another.
    it('leaves a token of another instance as it is, and one that is not there', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken({ instanceId: ELSEWHERE })
      await insert(storage, token)
      expect(await revoke(storage, token.id, 1, 'stolen')).toBeNull()
      expect(await revoke(storage, 'mt_none' as M2mTokenId, 1, null)).toBeNull()
      expect(await storage.read.m2mTokens.find(ELSEWHERE, token.id)).toEqual(token)
    })
  })

  describe('the list of M2M tokens', () => {
    const listed = async (storage: Storage, query: Partial<M2mTokenQuery> = {}) => {
      const { tokens, totalCount } = await storage.read.m2mTokens.list(HERE, { ...ALL, ...query })
      return { ids: tokens.map(({ id }) => id), totalCount }
    }

    it('is of one machine, instance and format, the newest first', async () => {
      const storage = await openWithInstances(open)
      const [first, second, third] = [anM2mToken(), anM2mToken(), anM2mToken()]
      const jwt = anM2mToken({ format: 'jwt', expiresAt: later(1) })
      await insert(
        storage,
        second,
        third,
        first,
        jwt,
        anM2mToken({ subject: B }),
        anM2mToken({ instanceId: ELSEWHERE }),
      )
      expect(await listed(storage)).toEqual({ ids: [third.id, second.id, first.id], totalCount: 3 })
      expect(await listed(storage, { format: 'jwt' })).toEqual({ ids: [jwt.id], totalCount: 1 })
      expect(await listed(storage, { limit: 2, offset: 1 })).toEqual({
        ids: [second.id, first.id],
        totalCount: 3,
      })
      expect(await listed(storage, { offset: 9 })).toEqual({ ids: [], totalCount: 3 })
    })

    it('leaves out revoked and expired tokens unless they are asked for', async () => {
      const storage = await openWithInstances(open)
      const good = anM2mToken({ expiresAt: later(1) })
      const revoked = anM2mToken({ revokedAt: NOON, revocationReason: null })
      const expired = anM2mToken({ expiresAt: NOON })
      const both = anM2mToken({ expiresAt: NOON, revokedAt: NOON })
      await insert(storage, good, revoked, expired, both)
      const rows = [
        [false, false, [good]],
        [true, false, [revoked, good]],
        [false, true, [expired, good]],
        [true, true, [both, expired, revoked, good]],
      ] as const
      for (const [withRevoked, withExpired, tokens] of rows) {
        expect(await listed(storage, { revoked: withRevoked, expired: withExpired })).toEqual({
          ids: tokens.map(({ id }) => id),
          totalCount: tokens.length,
        })
      }
    })
  })
}
