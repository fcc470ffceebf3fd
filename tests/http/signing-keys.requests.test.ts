import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { BAD, DAY, signingKeyClient } from './signing-key-client.ts'
import { expectRefusal, expectSuccess, expectUnchanged, NOON } from './support.ts'

const KID = /^kid_[0-9A-Za-z]{27}$/

let t: TestAuthority
let ours: ReturnType<typeof signingKeyClient>
beforeEach(async () => {
  t = await startAuthority()
  ours = signingKeyClient(t)
})
afterEach(() => t.close())

describe('a rotation while another is pending', () => {
  it('is 409 conflict that says so, and changes nothing', async () => {
    const pending = await ours.rotate()
    for (const body of [{}, { activate_in_seconds: 1 }, { overlap_seconds: 0 }]) {
      const answer = await expectUnchanged(t, () => ours.ask(body))
      expectRefusal(answer, 409, 'conflict')
      const [error] = answer.body.errors
      expect(error.long_message).toContain('A rotation is pending')
      expect(error.long_message).toContain(pending.id)
    }
    t.clock.advance(600_000)
    await ours.rotate()
  })

  it('of several at once is done once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ours.ask()))
    expect(answers.map(({ status }) => status).toSorted()).toStrictEqual([201, 409, 409, 409, 409])
    expect(await ours.published()).toHaveLength(2)
  })

  it('activates the pending key at once with activate_in_seconds 0, with an overlap of its own', async () => {
    const old = await ours.issue()
    const pending = await ours.rotate({ activate_in_seconds: 3_600, overlap_seconds: DAY })
    t.clock.advance(5_000)
    const now = await ours.rotate({ activate_in_seconds: 0, overlap_seconds: 60 })
    expect(now).toStrictEqual({ ...pending, state: 'active', active_from: NOON + 5_000 })
    expect((await ours.issue()).kids).toStrictEqual([pending.id, pending.id])
    expect(await ours.published()).toStrictEqual([pending.id, t.first.instance.id])
    t.clock.advance(60_000)
    expect(await ours.verdicts(old)).toStrictEqual(BAD)
    expect(await ours.published()).toStrictEqual([pending.id])
  })
})

describe('an emergency with nothing pending', () => {
  it('has a new key sign from the answer on', async () => {
    const next = await ours.rotate({ activate_in_seconds: 0 })
    expect(next).toMatchObject({ id: expect.stringMatching(KID), state: 'active', active_from: NOON })
    expect((await ours.issue()).kids).toStrictEqual([next.id, next.id])
  })

  // Stops a loop from making the key set too long for those who read it.
  it('is 409 conflict where twenty keys are published, until one is not', async () => {
    for (let count = 1; count < 20; count++)
      await ours.rotate({ activate_in_seconds: 0, overlap_seconds: 60 })
    expect(await ours.published()).toHaveLength(20)
    const answer = await expectUnchanged(t, () => ours.ask({ activate_in_seconds: 0 }))
    expectRefusal(answer, 409, 'conflict')
    expect(answer.body.errors[0].long_message).toContain('20 keys are published')
    t.clock.advance(60_000)
    await ours.rotate({ activate_in_seconds: 0 })
  })
})

describe('a request to rotate', () => {
  it.each([
    ['form_param_value_invalid', 'activate_in_seconds', -1],
    ['form_param_type_invalid', 'activate_in_seconds', 0.5],
    ['form_param_type_invalid', 'activate_in_seconds', '60'],
    ['form_param_nil', 'activate_in_seconds', null],
    ['form_param_value_too_large', 'activate_in_seconds', 315_360_001],
    ['form_param_value_invalid', 'overlap_seconds', -1],
    ['form_param_type_invalid', 'overlap_seconds', true],
    ['form_param_nil', 'overlap_seconds', null],
    ['form_param_value_too_large', 'overlap_seconds', 315_360_001],
    // Stops a slip of the pen from giving a leaked key thirty days more.
    ['form_param_unknown', 'overlap', 0],
  ])('is refused with 422 %s for %s %s, and changes nothing', async (code, name, value) => {
    const answer = await expectUnchanged(t, () => ours.ask({ [name]: value }))
    expectRefusal(answer, 422, code, name)
  })

  it('is refused with 400 where it is not JSON', async () => {
    expectRefusal(await expectUnchanged(t, () => ours.ask('{')), 400, 'request_body_invalid')
  })
})

describe('the audit log', () => {
  it('has one event for a rotation, with its times, and none for one that was refused', async () => {
    const next = await ours.rotate({ activate_in_seconds: 60, overlap_seconds: 120 })
    await ours.ask()
    expect(await ours.events()).toMatchObject([
      {
        instanceId: t.first.instance.id,
        at: NOON,
        action: 'signing_key.rotate',
        callerKind: 'instance',
        targetId: next.id,
        address: '192.0.2.1',
        reason: 'active from 2026-01-15T12:01:00.000Z, overlap 120 s',
      },
    ])
  })
})

describe('a rotation that is sent again under the same Idempotency-Key', () => {
  // Stops a client that tries again in an emergency from leaving two new keys, and one that signed for nobody.
  it('is done once, and answered as the first', async () => {
    const again = { 'idempotency-key': 'rotation 1' }
    const answers = [1, 2, 3].map(() => ours.ask({ activate_in_seconds: 0 }, again))
    const bodies = (await Promise.all(answers)).map((answer) => expectSuccess(answer, 201))
    expect(bodies[0]).toMatchObject({ state: 'active' })
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1)
    expect(await ours.published()).toHaveLength(2)
    expect((await ours.issue()).kids).toStrictEqual([bodies[0].id, bodies[0].id])
  })
})
