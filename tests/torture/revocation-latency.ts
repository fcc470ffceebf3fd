/** How long nodes take to refuse what was revoked, as clients saw it in a history. */
import type { HistoryEvent } from './history.ts'
import { collectTokenLives } from './token-lives.ts'

/** Milliseconds; 0 if there is nothing to count. */
export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Latencies {
  /** From the acknowledgement to the start of the last verification that was still accepted; 0 if none was. */
  readonly lastAccepted: Spread
  /** From the acknowledgement to the end of the first verification that was refused; 0 if that was before it. */
  readonly firstRefused: Spread
}

export interface RevocationLatency {
  /** Of the node that acknowledged the revocation first. */
  readonly sameNode: Latencies
  /** Of each other node that refused it, or was asked after the acknowledgement. */
  readonly otherNodes: Latencies
}

/** One node and one token, after the token's revocation was acknowledged. */
interface Sighting {
  lastAccepted: number
  firstRefused: number
}

export function measureRevocations(events: readonly HistoryEvent[]): RevocationLatency {
  const acknowledged = collectFirstAcknowledgements(events)
  const same = new Map<string, Sighting>()
  const others = new Map<string, Sighting>()
  for (const event of events) {
    const first = event.kind === 'verify' ? acknowledged.get(event.tokenId ?? '') : undefined
    if (first !== undefined) note(event.node === first.node ? same : others, event, first.at)
  }
  return { sameNode: spreadsOf(same), otherNodes: spreadsOf(others) }
}

/** Of each token whose revocation was acknowledged: when that was first, and who did it. */
function collectFirstAcknowledgements(
  events: readonly HistoryEvent[],
): ReadonlyMap<string, { readonly at: number; readonly node: string }> {
  const first = new Map<string, { at: number; node: string }>()
  for (const [tokenId, { revokedAt }] of collectTokenLives(events)) {
    const [earliest] = [...revokedAt].sort(([, one], [, other]) => one - other)
    if (earliest !== undefined) first.set(tokenId, { node: earliest[0], at: earliest[1] })
  }
  return first
}

function note(sightings: Map<string, Sighting>, event: HistoryEvent, acknowledgedAt: number): void {
  const { node, tokenId, outcome, start, end } = event
  // Before it was revoked it may be accepted; a refusal then says that the node knew before the client did.
  if (outcome !== 'refused' && (outcome !== 'ok' || start < acknowledgedAt)) return
  const key = `${node} ${tokenId}`
  let sighting = sightings.get(key)
  if (sighting === undefined) {
    sighting = { lastAccepted: 0, firstRefused: Infinity }
    sightings.set(key, sighting)
  }
  if (outcome === 'ok') sighting.lastAccepted = Math.max(sighting.lastAccepted, start - acknowledgedAt)
  else sighting.firstRefused = Math.min(sighting.firstRefused, Math.max(0, end - acknowledgedAt))
}

function spreadsOf(sightings: ReadonlyMap<string, Sighting>): Latencies {
  const all = [...sightings.values()]
  const refused = all.map(({ firstRefused }) => firstRefused).filter(Number.isFinite)
  return {
    lastAccepted: spreadOf(all.map(({ lastAccepted }) => lastAccepted)),
    firstRefused: spreadOf(refused),
  }
}

/** The nearest rank: a value that was seen. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
