import { describe, expect, it } from 'vitest'
import { anEvent, ELSEWHERE, later, openWithInstances, type Open } from '../records.ts'

/** @param inOrder whether transactions run one after the other, in the order in which they were asked for */
export function auditLogConformance(open: Open, inOrder: boolean): void {
  describe('the audit log', () => {
    it('gives back events as they were recorded, with ascending numbers', async () => {
      const storage = await openWithInstances(open)
      const events = [
        anEvent({ reason: 'because "of"\n😀' }),
        anEvent({ callerKind: 'operator', callerId: null, address: null, instanceId: ELSEWHERE }),
        anEvent({ at: later(-5) }),
      ]
      for (const event of events) await storage.transaction(({ audit }) => audit.record(event))
      const recorded = await storage.read.audit.after(0, 10)
      expect(recorded.map(({ number: _number, ...event }) => event)).toEqual(events)
      const numbers = recorded.map(({ number }) => number)
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      expect(new Set(numbers).size).toBe(3)
    })

    it('goes on after a number, the oldest first, and no further than asked', async () => {
      const storage = await openWithInstances(open)
      for (let at = 0; at < 7; at++)
        await storage.transaction(({ audit }) => audit.record(anEvent({ at: later(at) })))
      const pages: number[][] = []
      for (let last = 0; ;) {
        const page = await storage.read.audit.after(last, 3)
        if (page.length === 0) break
        pages.push(page.map(({ at }) => at - later(0)))
        last = page.at(-1)!.number
      }
      expect(pages).toEqual([[0, 1, 2], [3, 4, 5], [6]])
    })

    it('tells the newest events, the oldest of them first', async () => {
      const storage = await openWithInstances(open)
      expect(await storage.read.audit.newest(3)).toEqual([])
      for (let at = 0; at < 5; at++)
        await storage.transaction(({ audit }) => audit.record(anEvent({ at: later(at) })))
      expect((await storage.read.audit.newest(3)).map(({ at }) => at)).toEqual([later(2), later(3), later(4)])
    })

    // Stops a change that did not happen from being told, and one that did from being hidden.
    it('has the event of a change exactly if the change stands', async () => {
      const storage = await openWithInstances(open)
      await expect(
        storage.transaction(async ({ audit }) => {
          await audit.record(anEvent({ targetId: 'never' }))
          throw new Error('refused')
        }),
      ).rejects.toThrow('refused')
      await storage.transaction(({ audit }) => audit.record(anEvent({ targetId: 'done' })))
      expect((await storage.read.audit.after(0, 10)).map(({ targetId }) => targetId)).toEqual(['done'])
    })

    it(`numbers events that are recorded at once${inOrder ? ' in the order of their transactions' : ''}`, async () => {
      const storage = await openWithInstances(open)
      const targets = Array.from({ length: 50 }, (_, index) => `t${index}`)
      await Promise.all(
        targets.map((targetId) => storage.transaction(({ audit }) => audit.record(anEvent({ targetId })))),
      )
      const recorded = await storage.read.audit.after(0, 100)
      const found = recorded.map(({ targetId }) => targetId)
      expect(inOrder ? found : found.toSorted()).toEqual(inOrder ? targets : targets.toSorted())
      expect(new Set(recorded.map(({ number }) => number)).size).toBe(targets.length)
    })
  })
}
