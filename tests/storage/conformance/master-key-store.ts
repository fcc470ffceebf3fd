import { describe, expect, it } from 'vitest'
import { NOON, type Open } from '../records.ts'

export function masterKeyStoreConformance(open: Open): void {
  describe('the store of master keys', () => {
    it('lists what was inserted by number', async () => {
      const storage = await open()
      expect(await storage.read.masterKeys.list()).toEqual([])
      for (const id of [2, 1, 255]) {
        await storage.transaction(({ masterKeys }) =>
          masterKeys.insert({ id, fingerprint: `f${id}`, createdAt: NOON }),
        )
      }
      expect(await storage.read.masterKeys.list()).toEqual([
        { id: 1, fingerprint: 'f1' },
        { id: 2, fingerprint: 'f2' },
        { id: 255, fingerprint: 'f255' },
      ])
    })

    // Stops one number from standing for two keys, and one key from having two.
    it('takes no number twice, and no key', async () => {
      const storage = await open()
      const insert = (key: { id: number; fingerprint: string }) =>
        storage.transaction(({ masterKeys }) => masterKeys.insert({ ...key, createdAt: NOON }))
      expect(await insert({ id: 1, fingerprint: 'first' })).toBe(true)
      expect(await insert({ id: 1, fingerprint: 'other' })).toBe(false)
      await expect(insert({ id: 2, fingerprint: 'first' })).rejects.toThrow()
      expect(await storage.read.masterKeys.list()).toEqual([{ id: 1, fingerprint: 'first' }])
    })
  })
}
