import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BrowserId, UserId } from '../../../packages/server/src/core/ids.ts'
import { seconds } from '../../../packages/server/src/core/time.ts'
import {
  SESSION_STATES,
  stateOf,
  type Session,
} from '../../../packages/server/src/directory/sessions/session.ts'
import type { SessionQuery } from '../../../packages/server/src/directory/sessions/store.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import { aSession, ELSEWHERE, HERE, later, NOON, openWithInstances, type Open } from '../records.ts'

const EVERYTHING: SessionQuery = { browserId: null, userId: null, state: null, now: NOON }
const PAGE = { limit: 500, offset: 0 }

const insert = (storage: Storage, all: readonly Session[]) =>
  storage.transaction(async ({ sessions }) => {
    for (const session of all) await sessions.insert(session)
  })

/** Instants about noon, so that each may be before, at or after it. */
const INSTANT = fc.integer({ min: -3, max: 3 })
const SESSION = fc
  .record({
    status: fc.constantFrom('active', 'active', 'active', 'revoked', 'ended', 'removed', 'replaced'),
    expiresAt: INSTANT.map(later),
    inactivityTimeout: fc.integer({ min: 1, max: 3 }).map(seconds),
    lastActiveAt: fc
      .tuple(INSTANT, fc.integer({ min: 1, max: 3 }))
      .map(([at, ago]) => later(at - ago * 1_000)),
  })
  .map((change) => change as Partial<Session>)

export function sessionListConformance(open: Open): void {
  describe('the list of sessions', () => {
    it('is of one instance, newest first, whatever the order in which they were kept', async () => {
      const storage = await openWithInstances(open)
      const all = Array.from({ length: 5 }, () => aSession())
      await insert(storage, [
        all[3]!,
        all[0]!,
        all[4]!,
        all[1]!,
        all[2]!,
        aSession({ instanceId: ELSEWHERE }),
      ])
      expect(await storage.read.sessions.list(HERE, EVERYTHING, PAGE)).toEqual({
        sessions: all.toReversed(),
        totalCount: 5,
      })
    })

    it('comes in pages, each of which says how many there are', async () => {
      const storage = await openWithInstances(open)
      const all = Array.from({ length: 5 }, () => aSession())
      await insert(storage, all)
      const pageAt = async (offset: number, limit = 2) => {
        const { sessions, totalCount } = await storage.read.sessions.list(HERE, EVERYTHING, { limit, offset })
        return [totalCount, ...sessions.map(({ id }) => all.findIndex((each) => each.id === id))]
      }
      expect(await Promise.all([0, 2, 4, 6].map((offset) => pageAt(offset)))).toEqual([
        [5, 4, 3],
        [5, 2, 1],
        [5, 0],
        [5],
      ])
      expect(await pageAt(0, 0)).toEqual([5])
    })

    it('is narrowed by browser, by user, and by both', async () => {
      const storage = await openWithInstances(open)
      const { browserId, userId } = aSession()
      const [both, atBrowser, ofUser] = [
        aSession({ browserId, userId }),
        aSession({ browserId }),
        aSession({ userId }),
      ]
      await insert(storage, [both, atBrowser, ofUser, aSession({ browserId, userId, instanceId: ELSEWHERE })])
      const listed = async (query: Partial<SessionQuery>) => {
        const found = await storage.read.sessions.list(HERE, { ...EVERYTHING, ...query }, PAGE)
        expect(found.totalCount).toBe(found.sessions.length)
        return found.sessions
      }
      expect(await listed({ browserId })).toEqual([atBrowser, both])
      expect(await listed({ userId })).toEqual([ofUser, both])
      expect(await listed({ browserId, userId })).toEqual([both])
      expect(await listed({ browserId: 'client_none' as BrowserId })).toEqual([])
      expect(await listed({ userId: 'user_none' as UserId })).toEqual([])
    })

    // Stops the list from calling a session live that no request would be answered for, or the other way round.
    it('by state holds exactly what is in that state at the moment asked for, to the millisecond', async () => {
      const storage = await openWithInstances(open)
      await fc.assert(
        fc.asyncProperty(fc.array(SESSION, { minLength: 1, maxLength: 12 }), async (changes) => {
          const { userId } = aSession()
          const all = changes.map((change) => aSession({ userId, ...change }))
          await insert(storage, all)
          for (const state of SESSION_STATES) {
            const query = { ...EVERYTHING, userId, state }
            const { sessions, totalCount } = await storage.read.sessions.list(HERE, query, PAGE)
            const expected = all.filter((session) => stateOf(session, NOON) === state)
            expect(sessions, state).toEqual(expected.toReversed())
            expect(totalCount).toBe(expected.length)
          }
        }),
        { numRuns: 25 },
      )
    })
  })
}
