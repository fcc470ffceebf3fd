import { describe, expect, it } from 'vitest'
import {
  bulkRevoke,
  issue,
  issueWithKey,
  ofMachine,
  onB,
  refused,
  revoke,
  unavailable,
  unknown,
  verify,
} from './history-events.ts'
import { checkHistory, type HistoryEvent, type Rule } from './history.ts'

const BOUND = { boundMs: 250 }

const rulesBroken = (...events: HistoryEvent[]): Rule[] => checkHistory(events, BOUND).map(({ rule }) => rule)

describe('a history', () => {
  it.each<[string, HistoryEvent[]]>([
    ['nothing', []],
    [
      'a token is accepted until it is revoked, and refused then',
      [issue(0, 1), verify(2, 3), revoke(4, 5), verify(6, 7, refused)],
    ],
    [
      'a verification that began before the acknowledgement is accepted',
      [issue(0, 1), revoke(2, 9), verify(9, 20)],
    ],
    ['another node accepts until the bound', [issue(0, 1), revoke(2, 5), verify(255, 256, onB)]],
    [
      'a token is refused while its revocation is under way',
      [issue(0, 1), revoke(2, 9), verify(3, 4, refused)],
    ],
    [
      'a token is refused whose revocation nobody knows of',
      [issue(0, 1), revoke(2, 3, unknown), verify(900, 901, refused)],
    ],
    [
      'a token is refused whose revocation was unavailable',
      [issue(0, 1), revoke(2, 3, unavailable), verify(900, 901, refused)],
    ],
    [
      'a token is accepted whose revocation nobody knows of',
      [issue(0, 1), revoke(2, 3, unknown), verify(900, 901)],
    ],
    [
      'a token is accepted whose revocation was refused',
      [issue(0, 1), revoke(2, 3, refused), verify(900, 901)],
    ],
    [
      'a verification has no verdict',
      [issue(0, 1), verify(2, 3, unavailable), revoke(4, 5), verify(900, 901, unknown)],
    ],
    [
      'a token is accepted while its issue is under way, or has no result',
      [issue(0, 9, unknown), verify(2, 3)],
    ],
    ['a token is refused while its issue is under way', [issue(0, 9), verify(2, 3, refused), verify(10, 11)]],
    [
      'a token is refused as soon as its revocation begins',
      [issue(0, 1), verify(2, 3, refused), revoke(3, 4)],
    ],
    [
      'a bulk revocation begins as soon as the issue ends',
      [issue(0, 2, ofMachine), bulkRevoke(2, 3), verify(9, 10)],
    ],
    ['a token that nobody issued is refused', [verify(0, 1, refused)]],
    [
      'retries with one key get one token',
      [
        issueWithKey(0, 1),
        issueWithKey(0, 9),
        issueWithKey(0, 9, { idempotencyKey: 'other', tokenId: 'other' }),
      ],
    ],
    [
      'a bulk revocation that is under way with the issue may end the token or not',
      [issue(3, 9, ofMachine), bulkRevoke(0, 4), verify(10, 11, refused)],
    ],
    [
      'a bulk revocation does not end what is issued after it',
      [bulkRevoke(0, 4), issue(5, 6, ofMachine), verify(900, 901)],
    ],
    [
      'a bulk revocation by way of another node may end what is issued shortly after it',
      [bulkRevoke(0, 4, onB), issue(200, 206, ofMachine), verify(300, 301, refused)],
    ],
    [
      'a bulk revocation without a result may end what is issued after it',
      [bulkRevoke(0, 4, unknown), issue(5, 6, ofMachine), verify(900, 901), verify(905, 906, refused)],
    ],
    [
      'a bulk revocation ends what a first attempt without an answer had made',
      [
        issueWithKey(0, 1, { tokenId: null, ...unknown }),
        bulkRevoke(2, 3),
        issueWithKey(5, 6, ofMachine),
        verify(8, 9, refused),
      ],
    ],
  ])('is clean where %s', (_, events) => {
    expect(checkHistory(events, BOUND)).toEqual([])
  })

  it('is broken where the node that was asked accepts after it has acknowledged', () => {
    const late = verify(5.5, 6)
    expect(checkHistory([issue(0, 1), revoke(2, 5), late], BOUND)).toEqual([
      { rule: 'accepted after its revocation', tokenId: 'token', event: late, lateBy: 0.5 },
    ])
  })

  it('is broken where another node accepts after the bound, counted from the first acknowledgement', () => {
    const late = verify(256, 257, onB)
    expect(
      checkHistory(
        [issue(0, 1), revoke(200, 300, { node: 'c' }), revoke(2, 5), verify(100, 101, onB), late],
        BOUND,
      ),
    ).toEqual([{ rule: 'accepted after its revocation', tokenId: 'token', event: late, lateBy: 1 }])
  })

  it('is broken where a token is accepted after a bulk revocation', () => {
    const history = [issue(0, 1, ofMachine), bulkRevoke(2, 3), bulkRevoke(900, 901, onB)]
    expect(rulesBroken(...history, verify(4, 5))).toEqual(['accepted after its revocation'])
    expect(rulesBroken(...history, verify(4, 5, onB))).toEqual([])
    expect(rulesBroken(...history, verify(254, 255, onB))).toEqual(['accepted after its revocation'])
  })

  it('is judged by each of many bulk revocations, in whichever order they are told', () => {
    const bulks = [bulkRevoke(300, 301), bulkRevoke(100, 101), bulkRevoke(200, 900, onB), bulkRevoke(0, 1)]
    const at = (time: number) => issue(time, time + 1, { ...ofMachine, tokenId: `token ${time}` })
    const judged = (time: number, verified: number, more = {}) =>
      rulesBroken(...bulks, at(time), verify(verified, verified + 1, { tokenId: `token ${time}`, ...more }))
    expect(judged(50, 102)).toEqual(['accepted after its revocation'])
    expect(judged(150, 302)).toEqual(['accepted after its revocation'])
    expect(judged(150, 299)).toEqual([])
    expect(judged(310, 1_200)).toEqual([])
    expect(judged(310, 1_200, refused)).toEqual([])
    expect(judged(1_160, 1_400, refused)).toEqual(['refused though nobody revoked it'])
    expect(judged(150, 198, refused)).toEqual(['refused though nobody revoked it'])
  })

  it('is broken where an acknowledged token is refused that nobody revoked', () => {
    const rule = ['refused though nobody revoked it']
    expect(rulesBroken(issue(0, 1), verify(2, 3, refused))).toEqual(rule)
    expect(rulesBroken(issue(0, 1), verify(2, 3, refused), revoke(4, 5))).toEqual(rule)
    expect(rulesBroken(issue(0, 1), revoke(1, 2, refused), verify(3, 4, refused))).toEqual(rule)
    expect(rulesBroken(bulkRevoke(0, 4), issue(5, 6, ofMachine), verify(7, 8, refused))).toEqual(rule)
    expect(rulesBroken(issue(0, 1), bulkRevoke(2, 3), verify(7, 8, refused))).toEqual(rule)
  })

  it('is broken where a token is accepted that nobody issued, or not yet', () => {
    const rule = ['accepted though nobody issued it']
    expect(rulesBroken(verify(0, 1))).toEqual(rule)
    expect(rulesBroken(issue(0, 1, refused), verify(2, 3))).toEqual(rule)
    expect(rulesBroken(verify(0, 1), issue(2, 3))).toEqual(rule)
  })

  it('is broken where one idempotency key got two tokens', () => {
    const second = issueWithKey(2, 3, { tokenId: 'second' })
    const first = issueWithKey(0, 1)
    expect(checkHistory([second, first], BOUND)).toEqual([
      { rule: 'two tokens for one idempotency key', tokenId: 'second', event: second },
    ])
  })

  it('is broken where a node forgets that a token was revoked, whatever its client knows of the revocation', () => {
    const rule = ['accepted after it was refused for its revocation']
    for (const outcome of [unknown, unavailable]) {
      const history = [issue(0, 1), revoke(2, 3, outcome), verify(4, 5, refused)]
      expect(rulesBroken(...history, verify(6, 7))).toEqual(rule)
      expect(rulesBroken(...history, verify(5, 7), verify(6, 7, onB))).toEqual([])
    }
    const acknowledged = [issue(0, 1), revoke(2, 3), verify(4, 5, { ...refused, ...onB })]
    expect(rulesBroken(...acknowledged, verify(6, 7, onB))).toEqual(rule)
  })
})
