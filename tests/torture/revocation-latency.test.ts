import { describe, expect, it } from 'vitest'
import { bulkRevoke, issue, ofMachine, onB, refused, revoke, verify } from './history-events.ts'
import { measureRevocations } from './revocation-latency.ts'

describe('the latency of revocations', () => {
  it('is from the acknowledgement to the last acceptance and the first refusal, apart for the node that was asked', () => {
    const history = [
      issue(0, 1),
      verify(8, 9, onB),
      revoke(5, 10),
      verify(9, 12),
      verify(13, 14, refused),
      verify(12, 13, onB),
      verify(17, 18, onB),
      verify(20, 22, { ...onB, ...refused }),
      verify(30, 32, { ...onB, ...refused }),
      verify(6, 8, { node: 'c', ...refused }),
    ]
    expect(measureRevocations(history)).toEqual({
      sameNode: {
        lastAccepted: { count: 1, p50: 0, p99: 0, max: 0 },
        firstRefused: { count: 1, p50: 4, p99: 4, max: 4 },
      },
      otherNodes: {
        lastAccepted: { count: 2, p50: 0, p99: 7, max: 7 },
        firstRefused: { count: 2, p50: 0, p99: 12, max: 12 },
      },
    })
  })

  it('counts from the bulk revocation that ended a token', () => {
    const history = [issue(0, 1, ofMachine), bulkRevoke(2, 10), verify(15, 16, { ...onB, ...refused })]
    expect(measureRevocations(history).otherNodes.firstRefused).toMatchObject({ count: 1, max: 6 })
  })

  it('has percentiles of what was seen', () => {
    const tokens = Array.from({ length: 1_000 }, (_, number) => ({ tokenId: `token ${number}` }))
    const history = tokens.flatMap((token, number) => [
      issue(0, 1, token),
      revoke(2, 3, token),
      verify(3, 4 + number, { ...onB, ...token, ...refused }),
    ])
    expect(measureRevocations(history).otherNodes.firstRefused).toEqual({
      count: 1_000,
      p50: 500,
      p99: 990,
      max: 1_000,
    })
  })

  it('is nothing where nothing was revoked', () => {
    const { sameNode } = measureRevocations([issue(0, 1), verify(2, 3)])
    expect(sameNode.lastAccepted).toEqual({ count: 0, p50: 0, p99: 0, max: 0 })
  })
})
