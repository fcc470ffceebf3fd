/** Histories of a system that is correct: what it does, when, and what clients learn of it are left to chance. */
import fc from 'fast-check'
import type { HistoryEvent } from './history.ts'

const NODES = ['a', 'b', 'c']
const CLIENTS = 4
/** Milliseconds after which every node of the simulated system knows of a revocation. */
export const SIMULATED_BOUND_MS = 20

interface Call {
  readonly client: number
  readonly node: string
  readonly kind: HistoryEvent['kind']
  /** Which of the tokens, groups or keys that there are. */
  readonly choice: number
  readonly gap: number
  readonly duration: number
  /** When between its start and its end it takes effect, from 0 to 1. */
  readonly effect: number
  /** What the client learns; `lost` is done later, and `dropped` never. */
  readonly fate: 'answered' | 'lost' | 'dropped' | 'unavailable'
  /** By how much later each node knows. */
  readonly lags: readonly number[]
}

const call: fc.Arbitrary<Call> = fc.record({
  client: fc.nat({ max: CLIENTS - 1 }),
  node: fc.constantFrom(...NODES),
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant('issue' as const) },
    { weight: 2, arbitrary: fc.constant('idempotent_issue' as const) },
    { weight: 9, arbitrary: fc.constant('verify' as const) },
    { weight: 3, arbitrary: fc.constant('revoke' as const) },
    { weight: 1, arbitrary: fc.constant('bulk_revoke' as const) },
  ),
  choice: fc.nat({ max: 1_000 }),
  gap: fc.nat({ max: 5 }),
  duration: fc.nat({ max: 10 }),
  effect: fc.double({ min: 0, max: 1, noNaN: true }),
  fate: fc.oneof(
    { weight: 8, arbitrary: fc.constant('answered' as const) },
    { weight: 1, arbitrary: fc.constantFrom('lost' as const, 'dropped' as const, 'unavailable' as const) },
  ),
  lags: fc.array(fc.nat({ max: SIMULATED_BOUND_MS }), { minLength: NODES.length, maxLength: NODES.length }),
})

export const simulatedHistory: fc.Arbitrary<HistoryEvent[]> = fc
  .array(call, { maxLength: 120, size: 'max' })
  .map(simulate)

interface TimedCall extends Call {
  readonly start: number
  readonly end: number
  /** `Infinity` is never. */
  readonly at: number
}

interface Token {
  readonly id: string
  readonly group: string
  /** When it is there. */
  readonly at: number
  /** When a client learns of it. */
  knownAt: number
  /** When each node knows that it is revoked. */
  readonly revokedAt: Map<string, number>
}

function simulate(calls: readonly Call[]): HistoryEvent[] {
  const timed = layOut(calls)
  const byKey = new Map<string, Token>()
  const tokens: Token[] = []
  const targets = new Map<TimedCall, Token | string>()
  // Who takes effect first makes the token of a key.
  for (const one of timed.toSorted((x, y) => x.at - y.at)) {
    const token = one.at === Infinity ? null : issue(one, tokens.length, byKey)
    if (token === null) continue
    if (!tokens.includes(token)) tokens.push(token)
    if (one.fate === 'answered') token.knownAt = Math.min(token.knownAt, one.end)
    targets.set(one, token)
  }
  for (const one of timed) chooseTarget(one, tokens, targets)
  for (const one of timed) revoke(one, targets.get(one), tokens)
  return timed.map((one) => eventOf(one, targets.get(one)))
}

/** Each client makes one call after the other. */
function layOut(calls: readonly Call[]): TimedCall[] {
  const clocks = Array<number>(CLIENTS).fill(0)
  return calls.map((one) => {
    const start = clocks[one.client]! + one.gap
    const end = start + one.duration
    clocks[one.client] = end
    const at = { answered: start, lost: end, dropped: Infinity, unavailable: end }[one.fate]
    return { ...one, start, end, at: at + one.effect * one.duration }
  })
}

const keyOf = ({ choice }: Call): string => `key ${choice % 5}`
const groupOf = (choice: number): string => `group ${choice % 2}`

function issue(one: TimedCall, number: number, byKey: Map<string, Token>): Token | null {
  if (one.kind !== 'issue' && one.kind !== 'idempotent_issue') return null
  const known = one.kind === 'idempotent_issue' ? byKey.get(keyOf(one)) : undefined
  if (known !== undefined) return known
  const token: Token = {
    id: `token ${number}`,
    // All with one key ask for the same.
    group: groupOf(one.kind === 'issue' ? one.choice : 0),
    at: one.at,
    knownAt: Infinity,
    revokedAt: new Map(),
  }
  if (one.kind === 'idempotent_issue') byKey.set(keyOf(one), token)
  return token
}

/** Nobody can ask for a token without having been told of it, except for one that was made up. */
function chooseTarget(
  one: TimedCall,
  tokens: readonly Token[],
  targets: Map<TimedCall, Token | string>,
): void {
  if (one.kind !== 'verify' && one.kind !== 'revoke') return
  const known = tokens.filter(({ knownAt }) => knownAt <= one.start)
  targets.set(one, known[one.choice % (known.length + 1)] ?? 'made up')
}

function revoke(one: TimedCall, target: Token | string | undefined, tokens: readonly Token[]): void {
  if (one.at === Infinity || typeof target === 'string') return
  const hit =
    one.kind === 'bulk_revoke'
      ? tokens.filter(({ group, at }) => group === groupOf(one.choice) && at < one.at)
      : one.kind === 'revoke' && target !== undefined
        ? [target]
        : []
  for (const { revokedAt } of hit) {
    for (const [index, node] of NODES.entries()) {
      const at = one.at + (node === one.node ? 0 : one.lags[index]!)
      revokedAt.set(node, Math.min(revokedAt.get(node) ?? Infinity, at))
    }
  }
}

function eventOf(one: TimedCall, target: Token | string | undefined): HistoryEvent {
  const { client, node, kind, start, end, choice, fate } = one
  const issues = kind === 'issue' || kind === 'idempotent_issue'
  const told = !issues || fate === 'answered'
  const id = typeof target === 'object' ? target.id : (target ?? null)
  const group =
    kind === 'bulk_revoke' ? groupOf(choice) : typeof target === 'object' ? target.group : undefined
  return {
    client: `client ${client}`,
    node,
    kind,
    tokenId: told ? id : null,
    ...(group !== undefined && { group }),
    ...(kind === 'idempotent_issue' && { idempotencyKey: keyOf(one) }),
    start,
    end,
    outcome: outcomeOf(one, target),
  }
}

function outcomeOf(
  { kind, fate, at, node }: TimedCall,
  target: Token | string | undefined,
): HistoryEvent['outcome'] {
  if (fate !== 'answered') return fate === 'unavailable' ? 'unavailable' : 'unknown'
  if (target === 'made up') return 'refused'
  if (kind !== 'verify' || typeof target !== 'object') return 'ok'
  return (target.revokedAt.get(node) ?? Infinity) <= at ? 'refused' : 'ok'
}
