/** What a run of the torture has found, in words. */
import type { KillsReport } from './kills.ts'
import type { Measured } from './latency.ts'
import type { Violation } from './history.ts'
import type { Spread } from './revocation-latency.ts'
import type { StormReport } from './storm.ts'

export interface Finding {
  /** Whether all is as it must be. */
  readonly good: boolean
  readonly text: string
}

const SHOWN = 5
const whole = (milliseconds: number): string => milliseconds.toFixed(1)

export function describeStorm(report: StormReport, seconds: number): Finding {
  const { violations, surprises, redemptions, faults, calls, latency } = report
  const lines = [
    `${seconds} s: ${violations.length} violations, ${surprises.length} surprises`,
    `faults: ${listOf(faults)}`,
    `calls: ${listOf(calls)}`,
    `redemptions: ${redemptions.tickets} tickets, each asked for by several at once; ${redemptions.won} won by one; ${redemptions.wrong.length} wrong`,
    `another node accepted at most ${whole(latency.otherNodes.lastAccepted.max)} ms after the acknowledgement, the same one ${whole(latency.sameNode.lastAccepted.max)} ms`,
    ...violations.slice(0, SHOWN).map(describeViolation),
    ...violations
      .slice(0, SHOWN)
      .flatMap(({ tokenId }) =>
        report.evidence
          .filter((event) => event.tokenId === tokenId && event.kind !== 'verify')
          .map((event) => `  ${JSON.stringify(event)}`),
      ),
    ...surprises.slice(0, SHOWN),
    ...redemptions.wrong.slice(0, SHOWN),
  ]
  const bad = violations.length + surprises.length + redemptions.wrong.length
  return { good: bad === 0, text: lines.join('\n      ') }
}

export function describeMeasured(name: string, { latency, violations }: Measured): Finding {
  const { sameNode, otherNodes } = latency
  const lines = [
    `${name}: ${violations.length} violations`,
    `same node: last accepted ${spread(sameNode.lastAccepted)}; first refused ${spread(sameNode.firstRefused)}`,
    `other nodes: last accepted ${spread(otherNodes.lastAccepted)}; first refused ${spread(otherNodes.firstRefused)}`,
    ...violations.slice(0, SHOWN).map(describeViolation),
  ]
  return { good: violations.length === 0, text: lines.join('\n      ') }
}

/** @param leaseMs past which a node that is cut off must not accept */
export function describeStaleness(name: string, measured: Measured, leaseMs: number): Finding {
  const { latency, violations } = measured
  const { max } = latency.otherNodes.lastAccepted
  const text = `${name}: accepted for at most ${whole(max)} ms of ${leaseMs} after the acknowledgement, ${violations.length} violations`
  return { good: violations.length === 0 && max <= leaseMs, text }
}

export function describeKills(
  store: string,
  { kills, acknowledged, unanswered, wrong }: KillsReport,
): Finding {
  const lines = [
    `${kills} kills on ${store}: ${acknowledged.issued} issued, ${acknowledged.revoked} revoked, ${unanswered} never answered, ${wrong.length} wrong`,
    ...wrong.slice(0, SHOWN),
  ]
  return { good: wrong.length === 0, text: lines.join('\n      ') }
}

const describeViolation = ({ rule, tokenId, event, lateBy }: Violation): string =>
  `${rule}: ${tokenId} on ${event.node}${lateBy === undefined ? '' : `, ${whole(lateBy)} ms late`}, ${JSON.stringify(event)}`

const listOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none'

const spread = ({ count, p50, p99, max }: Spread): string =>
  `p50 ${whole(p50)} ms, p99 ${whole(p99)} ms, max ${whole(max)} ms of ${count}`
