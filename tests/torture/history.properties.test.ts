import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bulkRevoke, issue, issueWithKey, onB, refused, revoke, unknown, verify } from './history-events.ts'
import { checkHistory, type HistoryEvent, type Rule } from './history.ts'
import { SIMULATED_BOUND_MS, simulatedHistory } from './simulated-history.ts'

describe('the check of histories', () => {
  const bound = { boundMs: SIMULATED_BOUND_MS }
  const shuffled = simulatedHistory.chain((events) =>
    fc.shuffledSubarray(events, { minLength: events.length }),
  )

  it('finds nothing in what a correct system does, in whichever order it is told', () => {
    fc.assert(
      fc.property(shuffled, (events) => {
        expect(checkHistory(events, bound)).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  it('is given histories in which tokens are accepted, revoked and refused', () => {
    const events = fc.sample(simulatedHistory, 200).flat()
    const count = (kind: HistoryEvent['kind'], outcome: HistoryEvent['outcome']) =>
      events.filter((one) => one.kind === kind && one.outcome === outcome && one.tokenId !== 'made up').length
    expect(count('verify', 'ok')).toBeGreaterThan(200)
    expect(count('verify', 'refused')).toBeGreaterThan(200)
    expect(count('revoke', 'ok')).toBeGreaterThan(200)
    expect(count('revoke', 'unknown')).toBeGreaterThan(20)
  })

  const times = fc.record({
    at: fc.nat({ max: 500 }),
    took: fc.nat({ max: 30 }),
    later: fc.double({ min: 0.001, max: 1_000, noNaN: true }),
  })
  const planted = { tokenId: 'planted', group: 'planted', client: 'planter' }

  it.each<[Rule, (at: number, took: number, later: number) => HistoryEvent[]]>([
    [
      'accepted after its revocation',
      (at, took, later) => [
        issue(at, at + took, planted),
        revoke(at + took, at + 2 * took, planted),
        verify(at + 2 * took + later, at + 3 * took + later, planted),
      ],
    ],
    [
      'accepted after its revocation',
      (at, took, later) => {
        const late = at + 3 * took + 1 + SIMULATED_BOUND_MS + later
        return [
          issue(at, at + took, planted),
          bulkRevoke(at + took + 1, at + 2 * took + 1, { ...planted, tokenId: null }),
          verify(late, late + took, { ...planted, ...onB }),
        ]
      },
    ],
    [
      'refused though nobody revoked it',
      (at, took, later) => [
        issue(at, at + took, planted),
        verify(at + took + later, at + took + 2 * later, { ...planted, ...refused }),
      ],
    ],
    ['accepted though nobody issued it', (at, took) => [verify(at, at + took, planted)]],
    [
      'two tokens for one idempotency key',
      (at, took, later) => {
        const attempt = { ...planted, idempotencyKey: 'planted' }
        const again = at + took + later
        return [
          issueWithKey(at, at + took, { ...attempt, tokenId: 'another' }),
          issueWithKey(again, again + took, attempt),
        ]
      },
    ],
    [
      'accepted after it was refused for its revocation',
      (at, took, later) => [
        issue(at, at + took, planted),
        revoke(at + took, at + 2 * took, { ...planted, ...unknown }),
        verify(at + 2 * took + 1, at + 3 * took + 1, { ...planted, ...refused }),
        verify(at + 3 * took + 1 + later, at + 4 * took + 1 + later, planted),
      ],
    ],
  ])('finds the one thing that is wrong, and nothing else: %s', (rule, plant) => {
    fc.assert(
      fc.property(simulatedHistory, times, fc.nat(), (events, { at, took, later }, place) => {
        const where = place % (events.length + 1)
        const history = events.toSpliced(where, 0, ...plant(at, took, later).reverse())
        const violations = checkHistory(history, bound)
        expect(violations.map((one) => [one.rule, one.tokenId])).toEqual([[rule, 'planted']])
      }),
      { numRuns: 500 },
    )
  })
})
