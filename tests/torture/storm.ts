/** Faults over a world under load, and what its clients' history says of it afterwards. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { startAgain, type Fault } from './faults.ts'
import { checkHistory, type HistoryEvent, type Violation } from './history.ts'
import { startLoad } from './load.ts'
import { measureRevocations, type RevocationLatency } from './revocation-latency.ts'
import { startRedemptions, type RedemptionReport } from './redemptions.ts'
import type { World } from './world.ts'

export interface StormReport {
  readonly violations: readonly Violation[]
  readonly surprises: readonly string[]
  /** How often each thing went wrong. */
  readonly faults: Readonly<Record<string, number>>
  /** How often each kind of call had each outcome, as `verify ok`. */
  readonly calls: Readonly<Record<string, number>>
  readonly latency: RevocationLatency
  readonly redemptions: RedemptionReport
  /** For a closer look: all that is known of the tokens of the violations. */
  readonly evidence: readonly HistoryEvent[]
}

/** It only ends what hangs. */
const LONGEST_FAULT_MS = 180_000
/** Milliseconds in which nothing goes wrong, at first and at last. */
const CALM_MS = 1_000

export async function runStorm(
  world: World,
  faults: readonly Fault[],
  { seconds, chance }: { seconds: number; chance: Chance },
): Promise<StormReport> {
  const load = startLoad(world, chance.fork())
  const redeeming = startRedemptions(world, chance.fork())
  const until = Date.now() + seconds * 1_000
  const counts: Record<string, number> = {}
  await sleep(CALM_MS)
  const lanes = Map.groupBy(
    faults.filter(({ possible }) => possible(world)),
    ({ lane }) => lane,
  )
  await Promise.all(
    [...lanes.values()].map(async (choices) => {
      const own = chance.fork()
      while (Date.now() < until) {
        const fault = own.of(choices)
        counts[fault.name] = (counts[fault.name] ?? 0) + 1
        await inTime(fault, fault.run(world, own))
        await sleep(own.between(0, 1_500))
      }
    }),
  )
  await sleep(Math.max(until - Date.now(), CALM_MS))
  await Promise.all([load.stop(), redeeming.stop()])
  for (const node of world.nodes) if (!node.running()) await startAgain(node)
  await sleep(world.leaseMs)
  for (const node of world.nodes) await load.verifyAll(node)
  return { ...judge(world, load, counts), redemptions: await redeeming.check(world.nodes[0]!) }
}

/** @throws what says which fault never came to its end, instead of waiting for ever */
async function inTime({ name }: Fault, running: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const late = sleep(LONGEST_FAULT_MS, 'late', { signal: over.signal }).catch(() => 'ended')
  const first = await Promise.race([running, late]).finally(() => over.abort())
  if (first === 'late') throw new Error(`The fault ${name} did not end.`)
}

function judge(
  { leaseMs }: World,
  { events, surprises }: Pick<ReturnType<typeof startLoad>, 'events' | 'surprises'>,
  faults: Record<string, number>,
): Omit<StormReport, 'redemptions'> {
  const violations = checkHistory(events, { boundMs: leaseMs })
  const suspects = new Set(violations.map(({ tokenId }) => tokenId))
  const calls = Object.groupBy(events, ({ kind, outcome }) => `${kind} ${outcome}`)
  return {
    violations,
    surprises,
    faults,
    calls: Object.fromEntries(
      Object.entries(calls)
        .map(([name, some]) => [name, some.length] as const)
        .sort(([one], [other]) => one.localeCompare(other)),
    ),
    latency: measureRevocations(events),
    evidence: events.filter(({ tokenId, kind }) => suspects.has(tokenId ?? '') || kind === 'bulk_revoke'),
  }
}
