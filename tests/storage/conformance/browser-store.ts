import { describe, expect, it } from 'vitest'
import type { BrowserId } from '../../../packages/server/src/core/ids.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import { aBrowser, aSession, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

const insert = (storage: Storage, browser: ReturnType<typeof aBrowser>) =>
  storage.transaction(({ browsers }) => browsers.insert(browser))

export function browserStoreConformance(open: Open): void {
  describe('the store of browsers', () => {
    it('gives back a browser as it was inserted', async () => {
      const storage = await openWithInstances(open)
      const browser = aBrowser({ createdAt: later(-5), updatedAt: later(5) })
      await insert(storage, browser)
      expect(await storage.read.browsers.find(HERE, browser.id)).toEqual(browser)
    })

    // Stops the cookie of one instance from standing for a browser of another.
    it('finds no browser for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const browser = aBrowser()
      await insert(storage, browser)
      expect(await storage.read.browsers.find(ELSEWHERE, browser.id)).toBeNull()
      expect(await storage.read.browsers.find(HERE, 'client_none' as BrowserId)).toBeNull()
    })

    it('takes no id twice, and no browser of a master key that is not there', async () => {
      const storage = await openWithInstances(open)
      const browser = aBrowser()
      await insert(storage, browser)
      await expect(insert(storage, { ...browser, updatedAt: later(5) })).rejects.toThrow()
      expect(await storage.read.browsers.find(HERE, browser.id)).toEqual(browser)
      await expect(insert(storage, aBrowser({ macKeyId: 9 }))).rejects.toThrow()
    })

    it('deletes a browser of that instance and no other', async () => {
      const storage = await openWithInstances(open)
      const browser = aBrowser()
      await insert(storage, browser)
      const remove = (instanceId: typeof HERE, id: BrowserId) =>
        storage.transaction(({ browsers }) => browsers.delete(instanceId, id))
      expect(await remove(ELSEWHERE, browser.id)).toBe(false)
      expect(await remove(HERE, 'client_none' as BrowserId)).toBe(false)
      expect(await remove(HERE, browser.id)).toBe(true)
      expect(await storage.read.browsers.find(HERE, browser.id)).toBeNull()
      expect(await remove(HERE, browser.id)).toBe(false)
    })

    // Stops a refused sign-in from costing a browser its cookie.
    it('keeps a browser whose deletion came to nothing', async () => {
      const storage = await openWithInstances(open)
      const browser = aBrowser()
      await insert(storage, browser)
      const failing = storage.transaction(async ({ browsers }) => {
        expect(await browsers.delete(HERE, browser.id)).toBe(true)
        throw new Error('refused')
      })
      await expect(failing).rejects.toThrow('refused')
      expect(await storage.read.browsers.find(HERE, browser.id)).toEqual(browser)
    })

    // Stops two tickets that are redeemed at one browser at the same time from both beginning a session.
    it('lets one of all who take the place of a browser at once do so', async () => {
      const storage = await openWithInstances(open)
      const browser = aBrowser()
      await insert(storage, browser)
      const replace = () =>
        storage.transaction(async ({ browsers, sessions }) => {
          if (!(await browsers.delete(HERE, browser.id))) return false
          const next = aBrowser()
          await browsers.insert(next)
          await sessions.insert(aSession({ browserId: next.id }))
          return true
        })
      const replaced = await Promise.all(Array.from({ length: 20 }, replace))
      expect(replaced.filter(Boolean)).toHaveLength(1)
    })
  })
}
