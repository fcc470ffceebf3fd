import { describe, expect, it } from 'vitest'
import type { M2mTokenId } from '../../../packages/server/src/core/ids.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import { later, openWithInstances } from '../records.ts'

const [A, B, C] = ['mt_a', 'mt_b', 'mt_c'] as unknown as readonly [M2mTokenId, M2mTokenId, M2mTokenId]

const lastUses = async (storage: Storage, ids: readonly M2mTokenId[] = [A, B, C]) =>
  [...(await storage.m2mTokenUses.lastUsedAt(ids))].toSorted(([a], [b]) => (a < b ? -1 : 1))

/** @param open opens a storage that is empty; `reopen` closes it and opens the same one again. */
export function m2mTokenUsesConformance(
  open: () => Promise<Storage>,
  reopen: (storage: Storage) => Promise<Storage>,
): void {
  describe('the uses of M2M tokens', () => {
    it('are told from the moment they are noted, written or not', async () => {
      const storage = await openWithInstances(open)
      expect(await lastUses(storage)).toEqual([])
      storage.m2mTokenUses.note(A, later(1))
      expect(await lastUses(storage)).toEqual([[A, later(1)]])
      await storage.flush()
      expect(await lastUses(storage)).toEqual([[A, later(1)]])
      storage.m2mTokenUses.note(A, later(2))
      storage.m2mTokenUses.note(B, later(3))
      expect(await lastUses(storage)).toEqual([
        [A, later(2)],
        [B, later(3)],
      ])
      expect(await lastUses(storage, [C])).toEqual([])
    })

    it('are told while they are being written', async () => {
      const storage = await openWithInstances(open)
      storage.m2mTokenUses.note(A, later(1))
      const writing = storage.flush()
      expect(await lastUses(storage)).toEqual([[A, later(1)]])
      storage.m2mTokenUses.note(A, later(2))
      await writing
      expect(await lastUses(storage)).toEqual([[A, later(2)]])
    })

    // The clock may be set back between two uses of one token.
    it('are told as the newest, in whatever order they were noted', async () => {
      const storage = await openWithInstances(open)
      storage.m2mTokenUses.note(A, later(5))
      storage.m2mTokenUses.note(A, later(4))
      expect(await lastUses(storage)).toEqual([[A, later(5)]])
      const writing = storage.flush()
      storage.m2mTokenUses.note(A, later(3))
      expect(await lastUses(storage)).toEqual([[A, later(5)]])
      await writing
    })

    it('are kept as the newest, in whatever order they were written', async () => {
      const storage = await openWithInstances(open)
      for (const at of [4, 5, 3]) {
        storage.m2mTokenUses.note(A, later(at))
        await storage.flush()
      }
      expect(await lastUses(storage)).toEqual([[A, later(5)]])
    })

    it('are there after the storage was closed, however many', async () => {
      const storage = await openWithInstances(open)
      const many = Array.from(
        { length: 1_700 },
        (_, index) => `mt_${String(index).padStart(5, '0')}` as M2mTokenId,
      )
      for (const [index, id] of many.entries()) storage.m2mTokenUses.note(id, later(index))
      const again = await reopen(storage)
      expect(await lastUses(again, many)).toEqual(many.map((id, index) => [id, later(index)]))
    })

    it('that are noted while others are being written are written by the next call', async () => {
      const storage = await openWithInstances(open)
      storage.m2mTokenUses.note(A, later(1))
      const writing = storage.flush()
      storage.m2mTokenUses.note(B, later(2))
      await writing
      await storage.flush()
      expect(await lastUses(await reopen(storage))).toEqual([
        [A, later(1)],
        [B, later(2)],
      ])
    })

    it('are not lost where the storage is closed while others are being written', async () => {
      const storage = await openWithInstances(open)
      storage.m2mTokenUses.note(A, later(1))
      const writing = storage.flush()
      storage.m2mTokenUses.note(B, later(2))
      const again = await reopen(storage)
      await writing
      expect(await lastUses(again)).toEqual([
        [A, later(1)],
        [B, later(2)],
      ])
    })
  })
}
