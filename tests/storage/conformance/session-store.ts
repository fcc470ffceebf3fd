import { describe, expect, it } from 'vitest'
import type {
  ActorTokenId,
  BrowserId,
  InstanceId,
  SessionId,
  UserId,
} from '../../../packages/server/src/core/ids.ts'
import { seconds } from '../../../packages/server/src/core/time.ts'
import type { Session, SessionEnd } from '../../../packages/server/src/directory/sessions/session.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import { aSession, ELSEWHERE, HERE, later, openWithInstances, type Open } from '../records.ts'

const ENDS: readonly SessionEnd[] = ['revoked', 'ended', 'removed', 'replaced']

const insert = (storage: Storage, ...all: readonly Session[]) =>
  storage.transaction(async ({ sessions }) => {
    for (const session of all) await sessions.insert(session)
  })
const find = (storage: Storage, { instanceId, id }: Session) => storage.read.sessions.find(instanceId, id)
const end = (storage: Storage, id: SessionId, how: SessionEnd, at = later(5)) =>
  storage.transaction(({ sessions }) => sessions.end(HERE, id, how, at))
const touch = (storage: Storage, id: SessionId, at: ReturnType<typeof later>) =>
  storage.transaction(({ sessions }) => sessions.touch(HERE, id, at))

export function sessionStoreConformance(open: Open): void {
  describe('the store of sessions', () => {
    it('gives back a session as it was inserted, whatever its status and who acts', async () => {
      const storage = await openWithInstances(open)
      const actor = { sub: 'user_support', 'née "x"': [1, { deep: '😀' }], permissions: ['read'] }
      const polluting = JSON.parse('{"sub":"a","__proto__":{"b":1}}') as NonNullable<Session['actor']>
      const all = [
        aSession(),
        aSession({ actor, actorTokenId: 'act_a' as ActorTokenId, inactivityTimeout: seconds(315_360_000) }),
        aSession({ actor: polluting, address: null, lastActiveAt: later(7), updatedAt: later(9) }),
        ...ENDS.map((status) => aSession({ status, expiresAt: later(-1) })),
      ]
      await insert(storage, ...all)
      for (const session of all) expect(await find(storage, session)).toEqual(session)
    })

    // Stops one instance from reading the sessions of another.
    it('finds no session for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const session = aSession()
      await insert(storage, session)
      expect(await storage.read.sessions.find(ELSEWHERE, session.id)).toBeNull()
      expect(await storage.read.sessions.find(HERE, 'sess_none' as SessionId)).toBeNull()
    })

    it('takes no id twice, and no session of an instance that is not there', async () => {
      const storage = await openWithInstances(open)
      const session = aSession()
      await insert(storage, session)
      await expect(insert(storage, { ...session, address: null })).rejects.toThrow()
      expect(await find(storage, session)).toEqual(session)
      await expect(insert(storage, aSession({ instanceId: 'ins_none' as InstanceId }))).rejects.toThrow()
    })
  })

  describe('the sessions of a browser', () => {
    it('are those that nobody has ended, the oldest first, even if time has ended them', async () => {
      const storage = await openWithInstances(open)
      const { browserId } = aSession()
      const all = [
        aSession({ browserId, expiresAt: later(-1) }),
        aSession({ browserId, lastActiveAt: later(-9_999_999) }),
        aSession({ browserId }),
      ]
      const others = [aSession(), aSession({ browserId, instanceId: ELSEWHERE })]
      const ended = ENDS.map((status) => aSession({ browserId, status }))
      await insert(storage, ...all.toReversed(), ...others, ...ended)
      expect(await storage.read.sessions.openIn(HERE, browserId)).toEqual(all)
      expect(await storage.read.sessions.openIn(HERE, 'client_none' as BrowserId)).toEqual([])
    })
  })

  describe('the sessions that actor tokens opened', () => {
    it('are found by the ids of the tokens, of one instance, ended or not', async () => {
      const storage = await openWithInstances(open)
      const [a, b, c] = ['act_a', 'act_b', 'act_c'] as ActorTokenId[]
      const all = [aSession({ actorTokenId: a! }), aSession({ actorTokenId: b!, status: 'revoked' })]
      const others = [aSession({ actorTokenId: c! }), aSession({ actorTokenId: a!, instanceId: ELSEWHERE })]
      await insert(storage, ...all, ...others, aSession())
      const opened = await storage.read.sessions.openedBy(HERE, [b!, a!, 'act_none' as ActorTokenId])
      expect(opened.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toEqual(all)
      expect(await storage.read.sessions.openedBy(HERE, [])).toEqual([])
    })
  })

  describe('ending a session', () => {
    it.each(ENDS)('makes it %s, and changes nothing else of it', async (how) => {
      const storage = await openWithInstances(open)
      for (const session of [aSession(), aSession({ expiresAt: later(-1), actor: { sub: 'a' } })]) {
        await insert(storage, session)
        const ended = { ...session, status: how, updatedAt: later(5) }
        expect(await end(storage, session.id, how)).toEqual(ended)
        expect(await find(storage, session)).toEqual(ended)
      }
    })

    // Stops what ended a session first from being written over.
    it.each(ENDS)('leaves one that is %s as it is', async (status) => {
      const storage = await openWithInstances(open)
      const session = aSession({ status })
      await insert(storage, session)
      for (const how of ENDS) expect(await end(storage, session.id, how)).toBeNull()
      expect(await find(storage, session)).toEqual(session)
    })

    it('leaves a session of another instance as it is', async () => {
      const storage = await openWithInstances(open)
      const session = aSession({ instanceId: ELSEWHERE })
      await insert(storage, session)
      expect(await end(storage, session.id, 'revoked')).toBeNull()
      expect(await find(storage, session)).toEqual(session)
    })

    it('lets exactly one of all who end it at once be the one', async () => {
      const storage = await openWithInstances(open)
      const session = aSession()
      await insert(storage, session)
      const ends = Array.from({ length: 20 }, (_, index) =>
        end(storage, session.id, ENDS[index % 4]!, later(index)),
      )
      const winners = (await Promise.all(ends)).filter((answer) => answer !== null)
      expect(winners).toHaveLength(1)
      expect(await find(storage, session)).toEqual(winners[0])
    })
  })

  describe('ending all sessions of a user', () => {
    it('ends those that nobody had ended, at every browser, and says how many', async () => {
      const storage = await openWithInstances(open)
      const { userId } = aSession()
      const own = [aSession({ userId }), aSession({ userId, expiresAt: later(-1) })]
      const others = [
        aSession({ userId, status: 'ended' }),
        aSession({ userId, instanceId: ELSEWHERE }),
        aSession(),
      ]
      await insert(storage, ...own, ...others)
      const endAll = (id: UserId) =>
        storage.transaction(({ sessions }) => sessions.endAllOf(HERE, id, 'removed', later(5)))
      expect(await endAll('user_none' as UserId)).toBe(0)
      expect(await endAll(userId)).toBe(2)
      for (const session of own) {
        expect(await find(storage, session)).toEqual({ ...session, status: 'removed', updatedAt: later(5) })
      }
      for (const session of others) expect(await find(storage, session)).toEqual(session)
      expect(await endAll(userId)).toBe(0)
    })
  })

  describe('noting activity of a session', () => {
    // Stops a slow request, or a node whose clock is behind, from ending a session that is in use.
    it('keeps the latest, in whatever order it comes, and changes nothing else', async () => {
      const storage = await openWithInstances(open)
      const session = aSession()
      await insert(storage, session)
      for (const [at, latest] of [
        [later(20), later(20)],
        [later(10), later(20)],
        [later(20), later(20)],
        [later(30), later(30)],
      ] as const) {
        expect(await touch(storage, session.id, at)).toBe(true)
        expect(await find(storage, session)).toEqual({ ...session, lastActiveAt: latest, updatedAt: latest })
      }
    })

    it('of many at once keeps the latest', async () => {
      const storage = await openWithInstances(open)
      const session = aSession()
      await insert(storage, session)
      const times = [3, 9, 1, 7, 2, 8, 6, 4, 5].map(later)
      expect(await Promise.all(times.map((at) => touch(storage, session.id, at)))).not.toContain(false)
      expect((await find(storage, session))!.lastActiveAt).toBe(later(9))
    })

    // Stops a request that was on its way from bringing back what somebody has ended.
    it.each(ENDS)('does nothing to one that is %s, and says so', async (status) => {
      const storage = await openWithInstances(open)
      const session = aSession({ status })
      await insert(storage, session)
      expect(await touch(storage, session.id, later(5))).toBe(false)
      expect(await find(storage, session)).toEqual(session)
    })

    it('does nothing to one of another instance, or to none', async () => {
      const storage = await openWithInstances(open)
      const session = aSession({ instanceId: ELSEWHERE })
      await insert(storage, session)
      expect(await touch(storage, session.id, later(5))).toBe(false)
      expect(await touch(storage, 'sess_none' as SessionId, later(5))).toBe(false)
      expect(await find(storage, session)).toEqual(session)
    })
  })
}
