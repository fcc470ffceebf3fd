import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createIdSource,
  m2mTokenId,
  testingTokenId,
  type ActorTokenId,
} from '../../../packages/server/src/core/ids.ts'
import { systemRandom } from '../../../packages/server/src/core/secrets/random.ts'
import { millis, type Millis } from '../../../packages/server/src/core/time.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import type { M2mToken } from '../../../packages/server/src/tokens/m2m-tokens/m2m-token.ts'
import {
  anActorToken,
  anM2mToken,
  aTestingToken,
  HERE,
  later,
  NOON,
  openWithInstances,
  type Open,
} from '../records.ts'

const DAY_MS = 86_400_000
/** What the storages of these tests are told. */
const RETENTION_MS = 30 * DAY_MS
/** A store that drops whole months may keep a token for as much longer. */
const MONTH_MS = 33 * DAY_MS

/** Tokens whose ids are of the moment that the clock shows. */
function createIssuer(start: Millis) {
  let now = start
  const ids = createIdSource({ clock: { now: () => now }, random: systemRandom })
  return {
    now: () => now,
    advance: (milliseconds: number) => void (now = millis(now + milliseconds)),
    m2mToken: (change: Partial<M2mToken> = {}) =>
      anM2mToken({ id: m2mTokenId(ids.uuid()), createdAt: now, updatedAt: now, ...change }),
    actorToken: (lifetime: number) =>
      anActorToken({
        id: ids.next<ActorTokenId>('act'),
        createdAt: now,
        updatedAt: now,
        expiresAt: millis(now + lifetime),
      }),
    testingToken: (lifetime: number) =>
      aTestingToken({ id: testingTokenId(ids.uuid()), createdAt: now, expiresAt: millis(now + lifetime) }),
  }
}

const insertAll = (storage: Storage, tokens: readonly M2mToken[]) =>
  storage.transaction(async ({ m2mTokens }) => {
    for (const token of tokens) await m2mTokens.insert(token)
  })

/** Which of them are there, asked past any memory. */
const isThere = (storage: Storage, { id }: M2mToken) =>
  storage.transaction(async ({ m2mTokens }) => (await m2mTokens.find(HERE, id)) !== null)

/** The instant from which a token is nobody's any more; `null` for one that is good without end. */
const overAt = ({ expiresAt, revokedAt }: M2mToken) => expiresAt ?? revokedAt

const LENGTH = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 40 * DAY_MS }),
  fc.integer({ min: 1, max: 90 * DAY_MS }),
)

const STEP = fc.oneof(
  fc.record({ do: fc.constant('issue' as const), lifetime: fc.option(LENGTH), jwt: fc.boolean() }),
  fc.record({ do: fc.constant('revoke' as const), pick: fc.nat() }),
  fc.record({ do: fc.constant('wait' as const), time: LENGTH }),
  fc.record({ do: fc.constant('sweep' as const) }),
)
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never

type Issuer = ReturnType<typeof createIssuer>

async function take(step: Step, storage: Storage, issuer: Issuer, tokens: M2mToken[]): Promise<void> {
  const now = issuer.now()
  if (step.do === 'wait') issuer.advance(step.time)
  if (step.do === 'sweep') {
    await storage.sweep(now)
    await expectKept(storage, tokens, now)
  }
  if (step.do === 'issue') {
    // A JWT has an end.
    const lifetime = step.lifetime ?? (step.jwt ? DAY_MS : null)
    const token = issuer.m2mToken({
      format: step.jwt ? 'jwt' : 'opaque',
      expiresAt: lifetime === null ? null : millis(now + lifetime + 1),
    })
    await insertAll(storage, [token])
    storage.m2mTokenUses.note(token.id, now)
    tokens.push(token)
  }
  if (step.do === 'revoke' && tokens.length > 0) {
    const index = step.pick % tokens.length
    const revoked = await storage.transaction(({ m2mTokens }) =>
      m2mTokens.revoke(HERE, tokens[index]!.id, now, null),
    )
    if (revoked !== null) tokens[index] = revoked
  }
}

/** All that must be there is, and what has been over for long is not. */
async function expectKept(storage: Storage, tokens: readonly M2mToken[], now: Millis): Promise<void> {
  for (const token of tokens) {
    const over = overAt(token)
    if (over === null || over > now - RETENTION_MS) expect(await isThere(storage, token)).toBe(true)
    else if (over <= now - RETENTION_MS - MONTH_MS) expect(await isThere(storage, token)).toBe(false)
  }
}

/**
 * @param open with a retention of 30 days
 * @param openBeside opens, beside a storage, the same one again, as another process does
 * @param catchUp what a request does first, once the promised time has passed
 */
export function sweepingConformance(
  open: Open,
  openBeside: (storage: Storage) => Promise<Storage>,
  catchUp: (storage: Storage) => Promise<void>,
): void {
  describe('sweeping', () => {
    // Stops a token that is good from being lost, and a database from growing for ever.
    it('never removes a token that is live, and in the end all that have been over for long enough', async () => {
      const storage = await openWithInstances(open)
      const issuer = createIssuer(millis(Date.UTC(2030, 0, 1)))
      await fc.assert(
        fc.asyncProperty(fc.array(STEP, { maxLength: 25, size: 'max' }), async (steps) => {
          const tokens: M2mToken[] = []
          for (const step of steps) await take(step, storage, issuer, tokens)
          await storage.flush()
          issuer.advance(90 * DAY_MS + RETENTION_MS + MONTH_MS)
          await storage.sweep(issuer.now())
          for (const token of tokens) expect(await isThere(storage, token)).toBe(overAt(token) === null)
          // The use of a token goes with it.
          const used = await storage.m2mTokenUses.lastUsedAt(tokens.map(({ id }) => id))
          expect([...used.keys()].sort()).toEqual(
            tokens.filter((token) => overAt(token) === null).map(({ id }) => id),
          )
        }),
        { numRuns: 15 },
      )
    })

    it('keeps what was revoked for as long as it would have lived, and thirty days', async () => {
      const storage = await openWithInstances(open)
      const issuer = createIssuer(NOON)
      const jwt = issuer.m2mToken({
        format: 'jwt',
        expiresAt: later(400 * DAY_MS),
        revokedAt: later(1),
      })
      const opaque = issuer.m2mToken({ expiresAt: null, revokedAt: later(1) })
      await insertAll(storage, [jwt, opaque])
      await storage.sweep(later(RETENTION_MS))
      expect([await isThere(storage, jwt), await isThere(storage, opaque)]).toEqual([true, true])
      await storage.sweep(later(RETENTION_MS + MONTH_MS))
      expect([await isThere(storage, jwt), await isThere(storage, opaque)]).toEqual([true, false])
      await storage.sweep(later(430 * DAY_MS - 1))
      expect(await isThere(storage, jwt)).toBe(true)
      await storage.sweep(later(430 * DAY_MS))
      expect(await isThere(storage, jwt)).toBe(false)
    })

    it('removes actor and testing tokens thirty days after they have expired, and not before', async () => {
      const storage = await openWithInstances(open)
      const issuer = createIssuer(NOON)
      const [short, long] = [issuer.actorToken(1_000), issuer.actorToken(2_000)]
      const testing = issuer.testingToken(1_000)
      await storage.transaction(async ({ actorTokens, testingTokens }) => {
        await actorTokens.insert(short)
        await actorTokens.insert(long)
        await testingTokens.insert(testing)
      })
      const left = async () => [
        (await storage.read.actorTokens.find(HERE, short.id)) !== null,
        (await storage.read.actorTokens.find(HERE, long.id)) !== null,
        (await storage.read.testingTokens.find(HERE, testing.id)) !== null,
      ]
      await storage.sweep(later(RETENTION_MS + 999))
      expect(await left()).toEqual([true, true, true])
      await storage.sweep(later(RETENTION_MS + 1_000))
      expect(await left()).toEqual([false, true, false])
    })

    it('goes through more tokens than a batch has, past those that stay', async () => {
      const storage = await openWithInstances(open)
      const issuer = createIssuer(NOON)
      const tokens = Array.from({ length: 2_300 }, (_, index) =>
        issuer.m2mToken({ expiresAt: index % 7 === 0 ? null : later(1) }),
      )
      await insertAll(storage, tokens)
      await storage.sweep(later(RETENTION_MS + MONTH_MS))
      const { totalCount } = await storage.read.m2mTokens.list(HERE, {
        subject: tokens[0]!.subject,
        format: 'opaque',
        revoked: true,
        expired: true,
        now: NOON,
        notBefore: { everything: null, byKey: new Map() },
        limit: 1,
        offset: 0,
      })
      expect(totalCount).toBe(Math.ceil(2_300 / 7))
    })

    it('may be done by several processes at once', async () => {
      const ours = await openWithInstances(open)
      const theirs = await openBeside(ours)
      const issuer = createIssuer(NOON)
      const live = issuer.m2mToken()
      const over = Array.from({ length: 2_000 }, () => issuer.m2mToken({ expiresAt: later(1) }))
      await insertAll(ours, [live, ...over])
      const now = later(RETENTION_MS + MONTH_MS)
      await Promise.all([ours.sweep(now), theirs.sweep(now)])
      expect(await isThere(ours, live)).toBe(true)
      for (const index of [0, 1, 999, 1_998, 1_999]) expect(await isThere(ours, over[index]!)).toBe(false)
    })
  })

  describe('sweeping the revocation log', () => {
    // Stops a process that was busy elsewhere for a day from believing what it remembers.
    it('does not keep a revocation from a process that had not read of it', async () => {
      const ours = await openWithInstances(open)
      const theirs = await openBeside(ours)
      const issuer = createIssuer(NOON)
      const tokens = Array.from({ length: 5 }, () => issuer.m2mToken())
      await insertAll(theirs, tokens)
      await catchUp(ours)
      for (const { id } of tokens) await ours.read.m2mTokens.find(HERE, id)
      await theirs.transaction(async ({ m2mTokens }) => {
        for (const { id } of tokens) await m2mTokens.revoke(HERE, id, later(1), null)
      })
      const inTwoDays = millis(Date.now() + 2 * DAY_MS)
      const swept = await theirs.transaction(({ sweeping }) => sweeping.revocationLog(inTwoDays, 1_000))
      expect(swept).toBeGreaterThanOrEqual(tokens.length - 1)
      await catchUp(ours)
      for (const { id } of tokens) {
        expect((await ours.read.m2mTokens.find(HERE, id))!.revokedAt).toBe(later(1))
      }
      await catchUp(theirs)
      expect(ours.logPosition()).toEqual(theirs.logPosition())
    })
  })
}
