import { describe, expect, it } from 'vitest'
import type { MachineId } from '../../../packages/server/src/core/ids.ts'
import type { Json } from '../../../packages/server/src/core/json.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { M2mToken } from '../../../packages/server/src/tokens/m2m-tokens/m2m-token.ts'
import type { PoolQuery } from '../../../packages/server/src/tokens/m2m-tokens/store.ts'
import { anM2mToken, ELSEWHERE, HERE, later, NOON, openWithInstances, type Open } from '../records.ts'

const [A, B, C] = ['mch_a', 'mch_b', 'mch_c'] as unknown as readonly [MachineId, MachineId, MachineId]
const QUERY: PoolQuery = {
  subject: A,
  claims: null,
  scopes: [],
  macKeyId: 1,
  goodUntil: later(100),
  issuedAfter: null,
}

async function insert(storage: Storage, ...tokens: M2mToken[]): Promise<void> {
  for (const token of tokens) await storage.transaction(({ m2mTokens }) => m2mTokens.insert(token))
}

const pooled = (storage: Storage, query: Partial<PoolQuery> = {}, instanceId = HERE) =>
  storage.transaction(({ m2mTokens }) => m2mTokens.findPooled(instanceId, { ...QUERY, ...query }))

export function m2mTokenPoolConformance(open: Open): void {
  describe('the pool of M2M tokens', () => {
    it('gives the token that never expires, else the one that expires last', async () => {
      const storage = await openWithInstances(open)
      const [soon, last, between, never] = [
        anM2mToken({ expiresAt: later(150) }),
        anM2mToken({ expiresAt: later(300) }),
        anM2mToken({ expiresAt: later(200) }),
        anM2mToken(),
      ]
      expect(await pooled(storage)).toBeNull()
      await insert(storage, soon, last, between)
      expect(await pooled(storage)).toEqual(last)
      await insert(storage, never)
      expect(await pooled(storage)).toEqual(never)
    })

    it.each([
      [99, false],
      [100, true],
      [101, true],
    ])('gives a token that expires %i ms from now, if that is long enough: %s', async (expiry, given) => {
      const storage = await openWithInstances(open)
      await insert(storage, anM2mToken({ expiresAt: later(expiry) }))
      expect((await pooled(storage)) !== null).toBe(given)
    })

    // Stops a token from being handed out that is dead, or that says another thing than what was asked for.
    it.each<readonly [string, Partial<M2mToken>]>([
      ['revoked', { revokedAt: NOON }],
      ['expired', { expiresAt: later(-1) }],
      ['a JWT', { format: 'jwt', expiresAt: later(1_000) }],
      ['of another machine', { subject: B }],
      ['of another instance', { instanceId: ELSEWHERE }],
      ['made under another master key', { macKeyId: 2 }],
      ['scoped to a machine', { scopes: [B] }],
      ['with claims', { claims: {} }],
      ['with false for claims', { claims: false }],
      ['with the text null for claims', { claims: 'null' }],
    ])('gives no token that is %s', async (_name, change) => {
      const storage = await openWithInstances(open)
      await insert(storage, anM2mToken(change))
      expect(await pooled(storage)).toBeNull()
    })

    it('gives no token once it is revoked', async () => {
      const storage = await openWithInstances(open)
      const [first, second] = [anM2mToken({ expiresAt: later(200) }), anM2mToken({ expiresAt: later(300) })]
      await insert(storage, first, second)
      await storage.transaction(({ m2mTokens }) => m2mTokens.revoke(HERE, second.id, NOON, null))
      expect(await pooled(storage)).toEqual(first)
      await storage.transaction(({ m2mTokens }) => m2mTokens.revoke(HERE, first.id, NOON, null))
      expect(await pooled(storage)).toBeNull()
    })

    it('compares scopes as a set', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken({ scopes: [C, B] })
      await insert(storage, token)
      expect(await pooled(storage, { scopes: [B, C] })).toEqual(token)
      for (const scopes of [[], [B], [C], [A, B, C]]) expect(await pooled(storage, { scopes })).toBeNull()
    })

    it.each<readonly [Json, readonly Json[], readonly Json[]]>([
      [null, [null], [{}, [], '', 0, false]],
      [
        { a: 1, b: { c: 2, d: 3 } },
        [{ b: { d: 3, c: 2 }, a: 1 }],
        [{ a: 1 }, { a: 1, b: { c: 2 } }, { a: 1, b: [] }],
      ],
      [[1, 2], [[1, 2]], [[2, 1], [1], [1, 2, 2], { 0: 1, 1: 2 }]],
      ['1', ['1'], [1, ['1'], '1 ']],
      [1, [1, 1.0], ['1', true, 1.1]],
      [{ é: 1 }, [{ é: 1 }], [{ 'e\u0301': 1 }]],
    ])('compares claims by value: %j', async (claims, same, others) => {
      const storage = await openWithInstances(open)
      const token = anM2mToken({ claims })
      await insert(storage, token)
      for (const each of same) expect(await pooled(storage, { claims: each })).toEqual(token)
      for (const each of others) expect(await pooled(storage, { claims: each })).toBeNull()
    })

    it('sees what its own transaction has inserted', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      const found = await storage.transaction(async ({ m2mTokens }) => {
        await m2mTokens.insert(token)
        return m2mTokens.findPooled(HERE, QUERY)
      })
      expect(found).toEqual(token)
    })
  })
}
