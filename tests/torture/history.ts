/**
 * Judges what clients saw of several nodes: their calls with when they began and ended, by one clock that never
 * steps. Whatever a correct system may do is let pass; what it may not is named. It sorts, and else looks at each
 * event once.
 *
 * Tokens of a history must not expire within it.
 */
import { collectTokenLives, mayHaveBeenRevoked, type TokenLife } from './token-lives.ts'

export interface HistoryEvent {
  readonly client: string
  /** Who was asked. */
  readonly node: string
  readonly kind: 'issue' | 'idempotent_issue' | 'verify' | 'revoke' | 'bulk_revoke'
  /** `null` for a bulk revocation, and for an issue whose answer nobody saw. */
  readonly tokenId: string | null
  /** Of what a bulk revocation ends every token that was issued before it: a machine, say. */
  readonly group?: string
  readonly idempotencyKey?: string
  /** Milliseconds of the monotonic clock. */
  readonly start: number
  readonly end: number
  /**
   * `refused`: the server said no, and did nothing. `unavailable`, `unknown`: it may have been done or not, then
   * or later; a verification simply has no verdict.
   */
  readonly outcome: 'ok' | 'refused' | 'unavailable' | 'unknown'
}

export type Rule =
  | 'accepted after its revocation'
  | 'refused though nobody revoked it'
  | 'accepted though nobody issued it'
  | 'two tokens for one idempotency key'
  | 'accepted after it was refused for its revocation'

export interface Violation {
  readonly rule: Rule
  readonly tokenId: string
  /** The one that should not be. */
  readonly event: HistoryEvent
  /** By how many milliseconds a verification began later than it might still have been accepted. */
  readonly lateBy?: number
}

export interface HistoryBounds {
  /** Milliseconds after an acknowledged revocation for which other nodes than the one asked may still accept. */
  readonly boundMs: number
}

/** @param events in any order @returns nothing, if all is as it must be */
export function checkHistory(events: readonly HistoryEvent[], { boundMs }: HistoryBounds): Violation[] {
  const lives = collectTokenLives(events, boundMs)
  const refusals = collectRefusals(events, lives)
  const violations = findSecondTokens(events)
  for (const event of events) {
    if (event.kind !== 'verify' || event.tokenId === null) continue
    const life = lives.get(event.tokenId)
    const found =
      event.outcome === 'ok'
        ? judgeAcceptance(event, life, refusals, boundMs)
        : event.outcome === 'refused'
          ? judgeRefusal(event, life)
          : null
    if (found !== null) violations.push({ ...found, tokenId: event.tokenId, event })
  }
  return violations
}

type Finding = Pick<Violation, 'rule' | 'lateBy'>

function judgeAcceptance(
  { tokenId, node, start, end }: HistoryEvent,
  life: TokenLife | undefined,
  refusals: ReadonlyMap<string, number>,
  boundMs: number,
): Finding | null {
  if (life === undefined || end < life.issueBegan) return { rule: 'accepted though nobody issued it' }
  const here = life.revokedAt.get(node) ?? Infinity
  const anywhere = Math.min(...life.revokedAt.values()) + boundMs
  const allowedUntil = Math.min(here, anywhere)
  if (start > allowedUntil) return { rule: 'accepted after its revocation', lateBy: start - allowedUntil }
  const refused = refusals.get(refusalKey(tokenId!, node)) ?? Infinity
  return start > refused
    ? { rule: 'accepted after it was refused for its revocation', lateBy: start - refused }
    : null
}

function judgeRefusal(event: HistoryEvent, life: TokenLife | undefined): Finding | null {
  return life !== undefined && event.start > life.issuedAt && !mayHaveBeenRevoked(life, event.end)
    ? { rule: 'refused though nobody revoked it' }
    : null
}

const refusalKey = (tokenId: string, node: string): string => `${node} ${tokenId}`

/** When each node had first refused each token that was there, and so knew of its revocation, acknowledged or not. */
function collectRefusals(
  events: readonly HistoryEvent[],
  lives: ReadonlyMap<string, TokenLife>,
): ReadonlyMap<string, number> {
  const refusals = new Map<string, number>()
  for (const { kind, outcome, tokenId, node, start, end } of events) {
    if (kind !== 'verify' || outcome !== 'refused' || tokenId === null) continue
    const life = lives.get(tokenId)
    if (life === undefined || start <= life.issuedAt) continue
    const key = refusalKey(tokenId, node)
    refusals.set(key, Math.min(refusals.get(key) ?? Infinity, end))
  }
  return refusals
}

/** The token that was acknowledged first for a key is the one; every other is one too many. */
function findSecondTokens(events: readonly HistoryEvent[]): Violation[] {
  const issues = events
    .filter(({ kind, outcome }) => kind === 'idempotent_issue' && outcome === 'ok')
    .sort((one, other) => one.end - other.end)
  const first = new Map<string, string>()
  const violations: Violation[] = []
  for (const event of issues) {
    const { idempotencyKey, tokenId } = event
    if (idempotencyKey === undefined || tokenId === null) continue
    const known = first.get(idempotencyKey)
    if (known === undefined) first.set(idempotencyKey, tokenId)
    else if (known !== tokenId)
      violations.push({ rule: 'two tokens for one idempotency key', tokenId, event })
  }
  return violations
}
