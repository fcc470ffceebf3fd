import { describe, expect, it } from 'vitest'
import type { SigningKey } from '../../../packages/server/src/signing/signing-key.ts'
import { aSigningKey, ELSEWHERE, HERE, later, NOON, openWithInstances, type Open } from '../records.ts'

export function signingKeyStoreConformance(open: Open): void {
  describe('the store of signing keys', () => {
    it('gives back the keys of an instance, the newest first, byte for byte', async () => {
      const storage = await openWithInstances(open)
      const box = Uint8Array.from({ length: 256 }, (_, index) => index)
      const keys = [
        aSigningKey({ createdAt: later(1), sealed: { keyId: 1, box } }),
        aSigningKey({ createdAt: later(3), use: 'ticket' }),
        aSigningKey({ createdAt: later(2), activeFrom: later(4), retiresAt: later(5) }),
      ]
      for (const key of keys) await storage.transaction(({ signingKeys }) => signingKeys.insert(key))
      const found = await storage.read.signingKeys.keysOf(HERE)
      expect(found.map(({ id }) => id)).toEqual([keys[1]!.id, keys[2]!.id, keys[0]!.id])
      expect(Uint8Array.from(found[2]!.sealed.box)).toEqual(box)
      expect({ ...found[1], sealed: null }).toEqual({ ...keys[2], sealed: null })
    })

    // F11: stops the key of one instance from being found for another.
    it('never gives the keys of another instance', async () => {
      const storage = await openWithInstances(open)
      await storage.transaction(({ signingKeys }) =>
        signingKeys.insert(aSigningKey({ instanceId: ELSEWHERE })),
      )
      expect(await storage.read.signingKeys.keysOf(HERE)).toEqual([])
      expect(await storage.read.signingKeys.keysOf(ELSEWHERE)).toHaveLength(1)
    })

    it('shows a new key to who has asked for the keys before', async () => {
      const storage = await openWithInstances(open)
      const [first, second] = [aSigningKey(), aSigningKey({ createdAt: later(1) })]
      expect(await storage.read.signingKeys.keysOf(HERE)).toEqual([])
      for (const [index, key] of [first, second].entries()) {
        await storage.transaction(({ signingKeys }) => signingKeys.insert(key))
        expect(await storage.read.signingKeys.keysOf(HERE)).toHaveLength(index + 1)
      }
    })

    it('replaces the seal of a key and nothing else', async () => {
      const storage = await openWithInstances(open)
      await storage.transaction(({ masterKeys }) =>
        masterKeys.insert({ id: 2, fingerprint: 'second', createdAt: NOON }),
      )
      const [key, other] = [aSigningKey(), aSigningKey({ instanceId: ELSEWHERE })]
      for (const each of [key, other])
        await storage.transaction(({ signingKeys }) => signingKeys.insert(each))
      await storage.read.signingKeys.keysOf(HERE)
      await storage.transaction(({ signingKeys }) =>
        signingKeys.reseal({
          ...key,
          publicKey: { n: 'x', e: 'x' },
          createdAt: later(9),
          sealed: { keyId: 2, box: Uint8Array.of(9) },
        }),
      )
      const [found] = await storage.read.signingKeys.keysOf(HERE)
      expect({ ...found, sealed: null }).toEqual({ ...key, sealed: null })
      expect([found!.sealed.keyId, ...found!.sealed.box]).toEqual([2, 9])
      const [untouched] = await storage.read.signingKeys.keysOf(ELSEWHERE)
      expect(untouched!.sealed.keyId).toBe(1)
    })

    it('replaces the life of a key and nothing else, and that of no other', async () => {
      const storage = await openWithInstances(open)
      const [key, other] = [aSigningKey(), aSigningKey({ createdAt: later(1) })]
      for (const each of [key, other])
        await storage.transaction(({ signingKeys }) => signingKeys.insert(each))
      await storage.read.signingKeys.keysOf(HERE)
      const life = { activeFrom: later(2), retiresAt: later(3), revokedAt: null }
      await storage.transaction(({ signingKeys }) =>
        signingKeys.setLife({ ...key, ...life, publicKey: { n: 'x', e: 'x' }, createdAt: later(9) }),
      )
      const plain = ({ sealed: { keyId, box }, ...rest }: SigningKey) => ({
        ...rest,
        sealed: [keyId, ...box],
      })
      const found = async () => (await storage.read.signingKeys.keysOf(HERE)).map(plain)
      expect(await found()).toEqual([plain(other), plain({ ...key, ...life })])
      await storage.transaction(({ signingKeys }) => signingKeys.setLife(key))
      expect(await found()).toEqual([plain(other), plain(key)])
    })

    // F11: stops one instance from ending the key of another.
    it('leaves the life of a key as it is where the instance is another', async () => {
      const storage = await openWithInstances(open)
      const key = aSigningKey()
      await storage.transaction(async ({ signingKeys }) => {
        await signingKeys.insert(key)
        await signingKeys.setLife({ ...key, instanceId: ELSEWHERE, revokedAt: later(1) })
      })
      expect((await storage.read.signingKeys.keysOf(HERE)).map(({ id }) => id)).toEqual([key.id])
    })

    it('gives a revoked key in the history alone, from the commit on', async () => {
      const storage = await openWithInstances(open)
      const [key, other] = [aSigningKey(), aSigningKey({ createdAt: later(1) })]
      for (const each of [key, other])
        await storage.transaction(({ signingKeys }) => signingKeys.insert(each))
      await storage.read.signingKeys.keysOf(HERE)
      await storage.transaction(({ signingKeys }) => signingKeys.setLife({ ...key, revokedAt: later(5) }))
      expect((await storage.read.signingKeys.keysOf(HERE)).map(({ id }) => id)).toEqual([other.id])
      const history = await storage.read.signingKeys.historyOf(HERE)
      expect(history.map(({ id, revokedAt }) => [id, revokedAt])).toEqual([
        [other.id, null],
        [key.id, later(5)],
      ])
      expect(await storage.read.signingKeys.historyOf(ELSEWHERE)).toEqual([])
    })

    it.each([null, later(1), later(9)])('keeps the time of a revocation where it is given %s', async (at) => {
      const storage = await openWithInstances(open)
      const key = aSigningKey({ revokedAt: later(5) })
      await storage.transaction(({ signingKeys }) => signingKeys.insert(key))
      await storage.transaction(({ signingKeys }) => signingKeys.setLife({ ...key, revokedAt: at }))
      expect((await storage.read.signingKeys.historyOf(HERE))[0]!.revokedAt).toBe(later(5))
    })

    it('tells the keys of any instance that another master key seals', async () => {
      const storage = await openWithInstances(open)
      await storage.transaction(({ masterKeys }) =>
        masterKeys.insert({ id: 2, fingerprint: 'second', createdAt: NOON }),
      )
      const sealed = { keyId: 2, box: Uint8Array.of(1) }
      const keys = [aSigningKey(), aSigningKey({ instanceId: ELSEWHERE }), aSigningKey({ sealed })]
      for (const key of keys) await storage.transaction(({ signingKeys }) => signingKeys.insert(key))
      const idsNotUnder = async (keyId: number) =>
        (await storage.read.signingKeys.notSealedUnder(keyId)).map(({ id }) => id as string).toSorted()
      expect(await idsNotUnder(2)).toEqual([keys[0]!.id as string, keys[1]!.id as string].toSorted())
      expect(await idsNotUnder(1)).toEqual([keys[2]!.id])
      expect(await idsNotUnder(3)).toHaveLength(3)
    })
  })
}
