/** What a history says of each token: since when it must be there, and since when it may or must be revoked. */
import type { HistoryEvent } from './history.ts'

/** Instants are milliseconds of the history's clock; `Infinity` is never. */
export interface TokenLife {
  /** Before, it cannot be there. */
  readonly issueBegan: number
  /** From then on it must be there. */
  readonly issuedAt: number
  /** From then on it may be revoked, by a call that was acknowledged or not. */
  readonly revocationBegan: number
  /** By node, when that node had first acknowledged a revocation. */
  readonly revokedAt: ReadonlyMap<string, number>
}

/**
 * Of every token of which at least one issue was acknowledged, or has an outcome that nobody knows.
 *
 * @param boundMs for so many milliseconds after a bulk revocation another node may not know of it, and issue
 *   tokens that it has ended before they were there
 */
export function collectTokenLives(
  events: readonly HistoryEvent[],
  boundMs = 0,
): ReadonlyMap<string, TokenLife> {
  const lives = new Map<string, MutableLife>()
  const keysBegan = collectKeys(events)
  for (const event of events) noteIssue(lives, event, keysBegan)
  for (const event of events) noteRevocation(lives, event)
  noteBulkRevocations(lives, events, boundMs)
  return lives
}

/** @param by the instant at which it was refused at the latest */
export const mayHaveBeenRevoked = ({ revocationBegan }: TokenLife, by: number): boolean =>
  revocationBegan <= by

interface MutableLife extends TokenLife {
  issueBegan: number
  issuedAt: number
  revocationBegan: number
  revokedAt: Map<string, number>
  group: string | undefined
  /** The one node that can have issued it; `null` if it may have been another. */
  issuer: string | null
}

/** When each idempotency key was sent first: a token that a retry is told of may have been made by then. */
function collectKeys(events: readonly HistoryEvent[]): ReadonlyMap<string, number> {
  const began = new Map<string, number>()
  for (const { kind, idempotencyKey, start, outcome } of events) {
    if (kind !== 'idempotent_issue' || idempotencyKey === undefined || outcome === 'refused') continue
    began.set(idempotencyKey, Math.min(began.get(idempotencyKey) ?? Infinity, start))
  }
  return began
}

function noteIssue(
  lives: Map<string, MutableLife>,
  event: HistoryEvent,
  keysBegan: ReadonlyMap<string, number>,
): void {
  const { kind, tokenId, node, start, end, outcome, group, idempotencyKey } = event
  if ((kind !== 'issue' && kind !== 'idempotent_issue') || tokenId === null || outcome === 'refused') return
  let life = lives.get(tokenId)
  if (life === undefined) {
    life = {
      issueBegan: Infinity,
      issuedAt: Infinity,
      revocationBegan: Infinity,
      revokedAt: new Map(),
      group,
      issuer: kind === 'issue' ? node : null,
    }
    lives.set(tokenId, life)
  }
  life.group ??= group
  life.issueBegan = Math.min(life.issueBegan, start, keysBegan.get(idempotencyKey ?? '') ?? Infinity)
  if (outcome === 'ok') life.issuedAt = Math.min(life.issuedAt, end)
}

function noteRevocation(lives: ReadonlyMap<string, MutableLife>, event: HistoryEvent): void {
  const { kind, tokenId, start, end, outcome, node } = event
  const life = kind === 'revoke' && outcome !== 'refused' ? lives.get(tokenId ?? '') : undefined
  if (life === undefined) return
  life.revocationBegan = Math.min(life.revocationBegan, start)
  if (outcome === 'ok') acknowledge(life, node, end)
}

function acknowledge({ revokedAt }: MutableLife, node: string, at: number): void {
  revokedAt.set(node, Math.min(revokedAt.get(node) ?? Infinity, at))
}

/**
 * A bulk revocation that began after a token was there ends it for sure. One that was still under way when the
 * issue began, or whose outcome nobody knows, may have ended it.
 */
function noteBulkRevocations(
  lives: ReadonlyMap<string, MutableLife>,
  events: readonly HistoryEvent[],
  boundMs: number,
): void {
  const bulks = events.filter(({ kind, outcome }) => kind === 'bulk_revoke' && outcome !== 'refused')
  const byGroup = Map.groupBy(bulks, ({ group }) => group)
  const timelines = new Map([...byGroup].map(([group, some]) => [group, timelinesOf(some)]))
  for (const life of lives.values()) {
    if (life.group === undefined) continue
    for (const [node, timeline] of timelines.get(life.group) ?? []) {
      const unknowing = life.issuer === node ? 0 : boundMs
      const began = timeline.beganEarliest(life.issueBegan - unknowing)
      life.revocationBegan = Math.min(life.revocationBegan, began)
      const acknowledged = timeline.acknowledged(life.issuedAt)
      if (acknowledged < Infinity) acknowledge(life, node, acknowledged)
    }
  }
}

/** By the node that was asked; nodes are few. */
function timelinesOf(bulks: readonly HistoryEvent[]): ReadonlyMap<string, BulkTimeline> {
  const byNode = Map.groupBy(bulks, ({ node }) => node)
  return new Map([...byNode].map(([node, some]) => [node, timelineOf(some)]))
}

interface BulkTimeline {
  /** The earliest start among those that had not ended by then. */
  beganEarliest(notEndedBy: number): number
  /** The earliest acknowledgement among those that began after that. */
  acknowledged(beganAfter: number): number
}

function timelineOf(bulks: readonly HistoryEvent[]): BulkTimeline {
  const endOf = ({ outcome, end }: HistoryEvent) => (outcome === 'ok' ? end : Infinity)
  const byEnd = bulks.toSorted((one, other) => compare(endOf(one), endOf(other)))
  const ends = byEnd.map(endOf)
  const starts = scanBackwards(byEnd, Infinity, (earliest, { start }) => Math.min(earliest, start))

  const byStart = bulks
    .filter(({ outcome }) => outcome === 'ok')
    .sort((one, other) => compare(one.start, other.start))
  const begins = byStart.map(({ start }) => start)
  const acks = scanBackwards(byStart, Infinity, (earliest, { end }) => Math.min(earliest, end))
  return {
    beganEarliest: (notEndedBy) => starts[countUpTo(ends, notEndedBy)]!,
    acknowledged: (beganAfter) => acks[countUpTo(begins, beganAfter)]!,
  }
}

// Two that never end are equal, and their difference is no number.
const compare = (one: number, other: number): number => (one < other ? -1 : one > other ? 1 : 0)

/** @returns for each index what comes of all events from it on; one more for none */
function scanBackwards<T>(
  events: readonly HistoryEvent[],
  none: T,
  add: (later: T, event: HistoryEvent) => T,
): readonly T[] {
  const results = [none]
  for (const event of events.toReversed()) results.push(add(results.at(-1)!, event))
  return results.reverse()
}

/** @returns how many of these, which are sorted, are at most so large */
function countUpTo(sorted: readonly number[], most: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! <= most) low = middle + 1
    else high = middle
  }
  return low
}
