import { describe, expect, it } from 'vitest'
import {
  browserId,
  createIdSource,
  type SessionId,
  type SignInTokenId,
} from '../../../packages/server/src/core/ids.ts'
import { systemRandom } from '../../../packages/server/src/core/secrets/random.ts'
import type { Browser } from '../../../packages/server/src/directory/browsers/browser.ts'
import type { Session } from '../../../packages/server/src/directory/sessions/session.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { SignInToken } from '../../../packages/server/src/tokens/sign-in-tokens/sign-in-token.ts'
import { aBrowser, aSession, aSignInToken, HERE, later, openWithInstances, type Open } from '../records.ts'

/** What the storages of these tests are told: thirty days. */
const RETENTION_MS = 30 * 86_400_000

/** Whatever is swept has an id of the moment at which it was made. */
const ids = createIdSource({ clock: { now: () => later(0) }, random: systemRandom })
const session = (change: Partial<Session> = {}) => aSession({ id: ids.next<SessionId>('sess'), ...change })
const signInToken = (change: Partial<SignInToken> = {}) =>
  aSignInToken({ id: ids.next<SignInTokenId>('sit'), ...change })
const browser = (change: Partial<Browser> = {}) => aBrowser({ id: browserId(ids.uuid()), ...change })

interface Kept {
  readonly signInTokens?: readonly SignInToken[]
  readonly sessions?: readonly Session[]
  readonly browsers?: readonly Browser[]
}

async function insert(storage: Storage, { signInTokens = [], sessions = [], browsers = [] }: Kept) {
  await storage.transaction(async (stores) => {
    for (const each of signInTokens) await stores.signInTokens.insert(each)
    for (const each of browsers) await stores.browsers.insert(each)
    for (const each of sessions) await stores.sessions.insert(each)
  })
}

/** Which of them are there, in that order. */
async function left(storage: Storage, { signInTokens = [], sessions = [], browsers = [] }: Kept) {
  const { read } = storage
  const found = await Promise.all([
    ...signInTokens.map(({ id }) => read.signInTokens.find(HERE, id)),
    ...sessions.map(({ id }) => read.sessions.find(HERE, id)),
    ...browsers.map(({ id }) => read.browsers.find(HERE, id)),
  ])
  return found.map((each) => each !== null)
}

export function sweepingSessionsConformance(open: Open): void {
  describe('sweeping sessions', () => {
    it('removes sign-in tokens thirty days after they have expired, whatever their status, and not before', async () => {
      const storage = await openWithInstances(open)
      const signInTokens = [
        signInToken({ expiresAt: later(1_000) }),
        signInToken({ expiresAt: later(1_000), status: 'accepted' }),
        signInToken({ expiresAt: later(2_000), status: 'revoked' }),
      ]
      await insert(storage, { signInTokens })
      await storage.sweep(later(RETENTION_MS + 999))
      expect(await left(storage, { signInTokens })).toEqual([true, true, true])
      await storage.sweep(later(RETENTION_MS + 1_000))
      expect(await left(storage, { signInTokens })).toEqual([false, false, true])
    })

    // Stops an end from being forgotten while a JWT of the session may still be about.
    it('removes sessions thirty days after their absolute end, ended or not, and not before', async () => {
      const storage = await openWithInstances(open)
      const sessions = [
        session({ expiresAt: later(1_000) }),
        session({ expiresAt: later(1_000), status: 'revoked', actor: { sub: 'a' } }),
        session({ expiresAt: later(2_000), status: 'ended' }),
      ]
      await insert(storage, { sessions })
      await storage.sweep(later(RETENTION_MS + 999))
      expect(await left(storage, { sessions })).toEqual([true, true, true])
      await storage.sweep(later(RETENTION_MS + 1_000))
      expect(await left(storage, { sessions })).toEqual([false, false, true])
    })

    it('removes browsers only when their last session is gone', async () => {
      const storage = await openWithInstances(open)
      const browsers = [browser(), browser(), browser({ updatedAt: later(5_000) })]
      const sessions = [
        session({ browserId: browsers[0]!.id, expiresAt: later(1_000), status: 'revoked' }),
        session({ browserId: browsers[0]!.id, expiresAt: later(3_000) }),
      ]
      await insert(storage, { browsers, sessions })
      await storage.sweep(later(RETENTION_MS - 1))
      expect(await left(storage, { browsers })).toEqual([true, true, true])
      await storage.sweep(later(RETENTION_MS + 1_000))
      expect(await left(storage, { sessions, browsers })).toEqual([false, true, true, false, true])
      await storage.sweep(later(RETENTION_MS + 3_000))
      expect(await left(storage, { sessions, browsers })).toEqual([false, false, false, false, true])
      await storage.sweep(later(RETENTION_MS + 5_000))
      expect(await left(storage, { browsers })).toEqual([false, false, false])
    })

    it('goes through more than a batch has, past those that stay', async () => {
      const storage = await openWithInstances(open)
      const sessions = Array.from({ length: 2_300 }, (_, index) =>
        session({ expiresAt: later(index % 7 === 0 ? RETENTION_MS : 1) }),
      )
      await insert(storage, { sessions })
      await storage.sweep(later(RETENTION_MS + 1))
      const query = { browserId: null, userId: null, state: null, now: later(0) }
      const { totalCount } = await storage.read.sessions.list(HERE, query, { limit: 1, offset: 0 })
      expect(totalCount).toBe(Math.ceil(2_300 / 7))
    })
  })
}
