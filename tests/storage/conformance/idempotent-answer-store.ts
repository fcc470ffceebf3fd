import { describe, expect, it } from 'vitest'
import type { IdempotentAnswer } from '../../../packages/server/src/core/idempotent-answers.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import { later, NOON, openWithInstances, type Open } from '../records.ts'

const DAY_MS = 86_400_000

const anAnswer = (change: Partial<IdempotentAnswer> = {}): IdempotentAnswer => ({
  scope: 'scope',
  fingerprint: 'fingerprint',
  sealed: { keyId: 1, box: Uint8Array.of(0, 1, 2, 255) },
  createdAt: NOON,
  ...change,
})

const keep = (storage: Storage, answer: IdempotentAnswer, laterThan = later(-DAY_MS)) =>
  storage.transaction(({ idempotentAnswers }) => idempotentAnswers.keep(answer, laterThan))

const find = (storage: Storage, scope: string, laterThan = later(-DAY_MS)) =>
  storage.read.idempotentAnswers.find(scope, laterThan)

export function idempotentAnswerStoreConformance(
  open: Open,
  reopen: (storage: Storage) => Promise<Storage>,
): void {
  describe('the store of remembered answers', () => {
    it('finds what was kept by its scope and by nothing else', async () => {
      const storage = await openWithInstances(open)
      expect(await keep(storage, anAnswer())).toBe(true)
      expect(await find(storage, 'scope')).toEqual(anAnswer())
      expect(await find(storage, 'Scope')).toBeNull()
      expect(await find(storage, 'fingerprint')).toBeNull()
    })

    it('finds within a transaction what that transaction has kept', async () => {
      const storage = await openWithInstances(open)
      const found = await storage.transaction(async ({ idempotentAnswers }) => {
        await idempotentAnswers.keep(anAnswer(), later(-DAY_MS))
        return idempotentAnswers.find('scope', later(-DAY_MS))
      })
      expect(found).toEqual(anAnswer())
    })

    it('has what was kept when it is opened again', async () => {
      const storage = await openWithInstances(open)
      await keep(storage, anAnswer())
      expect(await find(await reopen(storage), 'scope')).toEqual(anAnswer())
    })

    it('counts as absent what is not later than the instant it is asked for', async () => {
      const storage = await openWithInstances(open)
      await keep(storage, anAnswer())
      expect(await find(storage, 'scope', later(-1))).not.toBeNull()
      expect(await find(storage, 'scope', NOON)).toBeNull()
    })

    // Stops a second effect from being committed under one key, whoever asks for it.
    it('keeps the one that is there, and says so', async () => {
      const storage = await openWithInstances(open)
      await keep(storage, anAnswer())
      expect(await keep(storage, anAnswer({ fingerprint: 'other' }))).toBe(false)
      expect(await find(storage, 'scope')).toEqual(anAnswer())
    })

    it('keeps a new one in place of one that is over', async () => {
      const storage = await openWithInstances(open)
      await keep(storage, anAnswer())
      const next = anAnswer({
        fingerprint: 'next',
        sealed: { keyId: 1, box: Uint8Array.of(7) },
        createdAt: later(DAY_MS),
      })
      expect(await keep(storage, next, NOON)).toBe(true)
      expect(await find(storage, 'scope', NOON)).toEqual(next)
    })

    it('takes none that is sealed under a master key it does not know', async () => {
      const storage = await openWithInstances(open)
      const sealed = { keyId: 2, box: Uint8Array.of(1) }
      await expect(keep(storage, anAnswer({ sealed }))).rejects.toThrow()
      expect(await find(storage, 'scope')).toBeNull()
    })

    it('forgets the oldest first, no more than it is told to, and none that is not over', async () => {
      const storage = await openWithInstances(open)
      for (const at of [3, 1, 2, 4])
        await keep(storage, anAnswer({ scope: `at ${at}`, createdAt: later(at) }))
      const sweep = (until: number, limit: number) =>
        storage.transaction(({ idempotentAnswers }) => idempotentAnswers.sweep(later(until), limit))
      const left = async () => {
        const found = await Promise.all([1, 2, 3, 4].map((at) => find(storage, `at ${at}`)))
        return found.flatMap((each) => each?.scope ?? [])
      }
      expect(await sweep(0, 10)).toBe(0)
      expect(await sweep(3, 2)).toBe(2)
      expect(await left()).toEqual(['at 3', 'at 4'])
      expect(await sweep(3, 2)).toBe(1)
      expect(await sweep(3, 2)).toBe(0)
      expect(await left()).toEqual(['at 4'])
    })

    it('forgets all that are over when it is swept, in however many batches', async () => {
      const storage = await openWithInstances(open)
      await storage.transaction(async ({ idempotentAnswers }) => {
        for (let count = 0; count < 2_500; count++) {
          await idempotentAnswers.keep(anAnswer({ scope: `old ${count}` }), later(-DAY_MS))
        }
        await idempotentAnswers.keep(anAnswer({ scope: 'young', createdAt: later(1) }), later(-DAY_MS))
      })
      await storage.sweep(later(DAY_MS))
      const found = await Promise.all(
        ['old 0', 'old 1234', 'old 2499', 'young'].map((scope) => find(storage, scope)),
      )
      expect(found.map((each) => each?.scope ?? null)).toEqual([null, null, null, 'young'])
    })
  })
}
