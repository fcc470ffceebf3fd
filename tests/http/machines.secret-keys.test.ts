import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess, expectUnchanged, PATTERNS } from './support.ts'
import type { MachineKeys } from './world.ts'

let t: TestAuthority
beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const get = ({ id }: MachineKeys) =>
  t.request('GET', `/v1/machines/${id}/secret_key`, { key: t.first.secretKey })
const rotate = ({ id }: MachineKeys, body: unknown) =>
  t.request('POST', `/v1/machines/${id}/secret_key/rotate`, { key: t.first.secretKey, body })
const rotated = async (machine: MachineKeys, previous_token_ttl: number): Promise<string> =>
  expectSuccess(await rotate(machine, { previous_token_ttl })).secret
const issue = (key: string) => t.request('POST', '/v1/m2m_tokens', { key, body: {} })
/** Which of the keys are good. */
const goodOnes = async (keys: readonly string[]) =>
  Promise.all(
    keys.map(async (key) => {
      const answer = await issue(key)
      if (answer.status !== 201) expectRefusal(answer, 401, 'machine_secret_key_invalid')
      return answer.status === 201
    }),
  )

describe('the secret key of a machine', () => {
  it('can be read at any time, and is the one of its creation', async () => {
    const machine = await t.machine(t.first)
    t.clock.advance(86_400_000)
    const expected = { object: 'machine_secret_key', secret: machine.secretKey }
    expect(expectSuccess(await get(machine))).toStrictEqual(expected)
    expect(expectSuccess(await get(machine))).toStrictEqual(expected)
  })
})

describe('rotating the secret key of a machine', () => {
  it('gives a new one in the shape of the wire, which is read from then on', async () => {
    const machine = await t.machine(t.first)
    const body = expectSuccess(await rotate(machine, { previous_token_ttl: 60 }))
    expect(body).toStrictEqual({
      object: 'machine_secret_key',
      secret: expect.stringMatching(PATTERNS.machineKey),
    })
    expect(body.secret).not.toBe(machine.secretKey)
    expect(expectSuccess(await get(machine))).toStrictEqual(body)
  })

  it('with an overlap of nothing ends the key before it at once', async () => {
    const machine = await t.machine(t.first)
    expectSuccess(await issue(machine.secretKey), 201)
    const next = await rotated(machine, 0)
    expect(await goodOnes([machine.secretKey, next])).toStrictEqual([false, true])
  })

  it.each([1, 60, 28_800])(
    'with an overlap of %d s ends the key before it after that, to the millisecond',
    async (overlap) => {
      const machine = await t.machine(t.first)
      const next = await rotated(machine, overlap)
      t.clock.advance(overlap * 1_000 - 1)
      expect(await goodOnes([machine.secretKey, next])).toStrictEqual([true, true])
      t.clock.advance(1)
      expect(await goodOnes([machine.secretKey, next])).toStrictEqual([false, true])
    },
  )

  it('lets several earlier keys overlap, each to the end it was given', async () => {
    const machine = await t.machine(t.first)
    const keys = [machine.secretKey]
    for (const overlap of [100, 10, 50]) keys.push(await rotated(machine, overlap))
    expect(await goodOnes(keys)).toStrictEqual([true, true, true, true])
    t.clock.advance(10_000)
    expect(await goodOnes(keys)).toStrictEqual([true, false, true, true])
    t.clock.advance(40_000)
    expect(await goodOnes(keys)).toStrictEqual([true, false, false, true])
    t.clock.advance(50_000)
    expect(await goodOnes(keys)).toStrictEqual([false, false, false, true])
    expect(expectSuccess(await get(machine)).secret).toBe(keys[3])
  })

  it('leaves the tokens that were issued with the key before it good', async () => {
    const reader = await t.machine(t.first)
    const machine = await t.machine(t.first, [reader.id])
    const { token } = expectSuccess(await issue(machine.secretKey), 201)
    await rotated(machine, 0)
    const verify = { key: reader.secretKey, body: { token } }
    expectSuccess(await t.request('POST', '/v1/m2m_tokens/verify', verify))
  })

  it('by many at once gives as many keys, of which the newest is read', async () => {
    const machine = await t.machine(t.first)
    const all = await Promise.all(Array.from({ length: 10 }, () => rotated(machine, 60)))
    expect(new Set(all).size).toBe(10)
    expect(await goodOnes(all)).toStrictEqual(all.map(() => true))
    const newest = expectSuccess(await get(machine)).secret
    expect(all).toContain(newest)
    t.clock.advance(60_000)
    expect(await goodOnes(all)).toStrictEqual(all.map((key) => key === newest))
  })

  it.each([
    ['form_param_missing', {}],
    ['form_param_missing', ''],
    ['form_param_nil', { previous_token_ttl: null }],
    ['form_param_value_invalid', { previous_token_ttl: -1 }],
    ['form_param_value_too_large', { previous_token_ttl: 28_801 }],
    ['form_param_type_invalid', { previous_token_ttl: 0.5 }],
    ['form_param_type_invalid', { previous_token_ttl: '60' }],
    ['form_param_type_invalid', { previous_token_ttl: true }],
  ])('is refused with 422 %s for the body %o, and the key stays', async (code, body) => {
    const machine = await t.machine(t.first)
    const answer = await expectUnchanged(t, () => rotate(machine, body))
    expectRefusal(answer, 422, code, 'previous_token_ttl')
    expect(expectSuccess(await get(machine)).secret).toBe(machine.secretKey)
  })
})
