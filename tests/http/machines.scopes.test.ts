import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, shapeOf } from './support.ts'

let t: TestAuthority
let key: string

beforeAll(async () => {
  t = await startAuthority()
  key = t.first.secretKey
})
afterAll(() => t.close())

const add = (from: string, body: unknown) => t.request('POST', `/v1/machines/${from}/scopes`, { key, body })
const remove = (from: string, to: string) => t.request('DELETE', `/v1/machines/${from}/scopes/${to}`, { key })
const scopesOf = async (id: string): Promise<string[]> => {
  const machine = expectSuccess(await t.request('GET', `/v1/machines/${id}`, { key }))
  return machine.scoped_machines.map((scoped: { id: string }) => scoped.id)
}

describe('adding a scope', () => {
  it('answers 200 with every field of the wire, and the machine shows it', async () => {
    const [from, to] = [await t.machine(t.first), await t.machine(t.first)]
    t.clock.advance(1_000)
    expect(expectSuccess(await add(from.id, { to_machine_id: to.id, ignored: 1 }))).toStrictEqual({
      object: 'machine_scope',
      from_machine_id: from.id,
      to_machine_id: to.id,
      created_at: t.clock.now(),
    })
    expect(await scopesOf(from.id)).toStrictEqual([to.id])
  })

  // Stops who was allowed to verify first from being known to nobody.
  it('is in the audit log, whether at the creation or later', async () => {
    const [one, two] = [await t.machine(t.first), await t.machine(t.first)]
    const from = await t.machine(t.first, [one.id])
    expectSuccess(await add(from.id, { to_machine_id: two.id }))
    const events = await t.authority.storage.read.audit.newest(3)
    expect(events.map(({ action, targetId, reason }) => [action, targetId, reason])).toStrictEqual([
      ['machine.create', from.id, null],
      ['machine_scope.create', from.id, `to ${one.id}`],
      ['machine_scope.create', from.id, `to ${two.id}`],
    ])
  })

  it('goes one way: the target gets no scope back', async () => {
    const [from, to] = [await t.machine(t.first), await t.machine(t.first)]
    expectSuccess(await add(from.id, { to_machine_id: to.id }))
    expect(await scopesOf(to.id)).toStrictEqual([])
    expectSuccess(await add(to.id, { to_machine_id: from.id }))
  })

  it('that is there already is 409 and changes nothing', async () => {
    const to = await t.machine(t.first)
    const from = await t.machine(t.first, [to.id])
    const answer = await expectUnchanged(t, () => add(from.id, { to_machine_id: to.id }))
    expectRefusal(answer, 409, 'conflict')
  })

  it('by many at once adds it once', async () => {
    const [from, to] = [await t.machine(t.first), await t.machine(t.first)]
    const ask = () => add(from.id, { to_machine_id: to.id })
    const statuses = (await Promise.all(Array.from({ length: 10 }, ask))).map(({ status }) => status)
    expect(statuses.toSorted()).toStrictEqual([200, ...Array(9).fill(409)])
    expect(await scopesOf(from.id)).toStrictEqual([to.id])
  })

  it('past 150 is 422, whether at its creation or later, and changes nothing', async () => {
    const targets = await Promise.all(Array.from({ length: 151 }, () => t.machine(t.first)))
    const ids = targets.map(({ id }) => id)
    const from = await t.machine(t.first, ids.slice(0, 150))
    expect(await scopesOf(from.id)).toHaveLength(150)
    const later = await expectUnchanged(t, () => add(from.id, { to_machine_id: ids[150] }))
    expectRefusal(later, 422, 'form_param_array_size_exceeded', 'to_machine_id')
    expectSuccess(await remove(from.id, ids[0]!))
    expectSuccess(await add(from.id, { to_machine_id: ids[150] }))
  })

  it('is refused for a machine and itself', async () => {
    const { id } = await t.machine(t.first)
    const answer = await expectUnchanged(t, () => add(id, { to_machine_id: id }))
    expectRefusal(answer, 422, 'form_param_value_invalid', 'to_machine_id')
  })

  it('is 404 for a target that is not there', async () => {
    const { id } = await t.machine(t.first)
    const answer = await expectUnchanged(t, () => add(id, { to_machine_id: ABSENT.machine }))
    expectRefusal(answer, 404, 'resource_not_found')
  })

  it.each([
    ['form_param_missing', {}],
    ['form_param_missing', ''],
    ['form_param_nil', { to_machine_id: null }],
    ['form_param_type_invalid', { to_machine_id: ['mch_1'] }],
    ['form_param_format_invalid', { to_machine_id: 'mch_1' }],
    ['form_param_format_invalid', { to_machine_id: ABSENT.user }],
  ])('is refused with 422 %s for the body %o', async (code, body) => {
    const { id } = await t.machine(t.first)
    expectRefusal(await expectUnchanged(t, () => add(id, body)), 422, code, 'to_machine_id')
  })
})

describe('removing a scope', () => {
  it('answers 200 with a deleted object, and it is gone', async () => {
    const [first, second] = [await t.machine(t.first), await t.machine(t.first)]
    const from = await t.machine(t.first, [first.id, second.id])
    expect(expectSuccess(await remove(from.id, first.id))).toStrictEqual({
      object: 'machine_scope',
      from_machine_id: from.id,
      to_machine_id: first.id,
      deleted: true,
    })
    expect(await scopesOf(from.id)).toStrictEqual([second.id])
  })

  it('that is not there is 404, whichever of the two is missing', async () => {
    const [from, other] = [await t.machine(t.first), await t.machine(t.first)]
    const answers = [
      await expectUnchanged(t, () => remove(from.id, other.id)),
      await remove(from.id, ABSENT.machine),
      await remove(ABSENT.machine, other.id),
      await remove(from.id, from.id),
      await remove(from.id, 'mch_1'),
    ]
    for (const answer of answers) expectRefusal(answer, 404, 'resource_not_found')
    expect(new Set(answers.map((answer) => shapeOf(answer))).size).toBe(1)
  })

  it('does not remove the scope the other way', async () => {
    const to = await t.machine(t.first)
    const from = await t.machine(t.first, [to.id])
    expectRefusal(await expectUnchanged(t, () => remove(to.id, from.id)), 404, 'resource_not_found')
    expect(await scopesOf(from.id)).toStrictEqual([to.id])
  })
})
