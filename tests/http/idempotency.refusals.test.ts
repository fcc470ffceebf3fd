/** Which refusals are remembered under an Idempotency-Key, and that a refused request leaves nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthorityError, ERRORS, type ErrorCode } from '../../packages/server/src/core/errors.ts'
import type { Route } from '../../packages/server/src/core/operation.ts'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { effectsIn, expectReplay, inDatabase, isReplayed, post, rowsOf } from './idempotency.ts'
import { ABSENT, edgeOf, expectRefusal, expectSuccess, expectUnchanged } from './support.ts'

let t: TestAuthority
let key: string
let made = 0
const newKey = () => `key ${++made}`

beforeAll(async () => {
  t = await startAuthority()
  key = t.first.secretKey
})
afterAll(() => t.close())

/** Answered by the use case, having changed nothing but that its answer is remembered. */
async function expectRemembered(send: () => Promise<Answer>): Promise<Answer> {
  const [effects, remembered] = [effectsIn(t), rowsOf(t, 'idempotent_answers').length]
  const first = await send()
  expect(isReplayed(first)).toBe(false)
  expect(effectsIn(t)).toEqual(effects)
  expect(rowsOf(t, 'idempotent_answers')).toHaveLength(remembered + 1)
  expectReplay(await expectUnchanged(t, send), first)
  return first
}

describe('a refusal by what the request asks for', () => {
  it('is the same again, also when it would be granted by now', async () => {
    const body = { first_name: 'Ada', email_address: ['ada@example.com'] }
    const taken = expectSuccess(await t.request('POST', '/v1/users', { key, body }))
    const send = (idempotencyKey: string) => post(t, '/v1/users', { idempotencyKey, key, body })
    const idempotencyKey = newKey()
    const first = await expectRemembered(() => send(idempotencyKey))
    expectRefusal(first, 422, 'form_identifier_exists', 'email_address')

    expectSuccess(await t.request('DELETE', `/v1/users/${taken.id}`, { key }))
    expectReplay(await send(idempotencyKey), first)
    expectSuccess(await send(newKey()))
  })

  it('is remembered where something is not there', async () => {
    const sent = { idempotencyKey: newKey(), key, body: { name: 'new', scoped_machines: [ABSENT.machine] } }
    expectRefusal(await expectRemembered(() => post(t, '/v1/machines', sent)), 404, 'resource_not_found')
  })

  it('is remembered where a value is not allowed', async () => {
    const { secretKey } = await t.machine(t.first)
    const body = { seconds_until_expiration: 5, min_remaining_ttl_seconds: 5 }
    const sent = { idempotencyKey: newKey(), key: secretKey, body }
    const first = await expectRemembered(() => post(t, '/v1/m2m_tokens', sent))
    expectRefusal(first, 400, 'bad_request', 'min_remaining_ttl_seconds')
  })

  it('is undone where the request had begun to do something', async () => {
    const from = await t.machine(t.first)
    const others = Array.from({ length: 151 }, async () => (await t.machine(t.first)).id)
    const ids = await Promise.all(others)
    const path = `/v1/machines/${from.id}/scopes`
    for (const to_machine_id of ids.slice(0, 150)) {
      expectSuccess(await t.request('POST', path, { key, body: { to_machine_id } }))
    }
    const sent = { idempotencyKey: newKey(), key, body: { to_machine_id: ids[150] } }
    const first = await expectRemembered(() => post(t, path, sent))
    expectRefusal(first, 422, 'form_param_array_size_exceeded', 'to_machine_id')
    expect(rowsOf(t, 'machine_scopes').filter(({ from_id }) => from_id === from.id)).toHaveLength(150)
  })

  it('is logged with its code each time', async () => {
    const sent = { idempotencyKey: newKey(), key, body: {} }
    const path = `/v1/actor_tokens/${ABSENT.actorToken}/revoke`
    await post(t, path, sent)
    await post(t, path, sent)
    const codes = t.events.slice(-2).map(({ status, errorCode }) => `${status} ${errorCode}`)
    expect(codes).toEqual(Array(2).fill('404 resource_not_found'))
  })

  it('is not for another request under the key', async () => {
    const sent = { idempotencyKey: newKey(), key }
    await post(t, '/v1/machines', { ...sent, body: { name: 'a', scoped_machines: [ABSENT.machine] } })
    expectRefusal(await post(t, '/v1/machines', { ...sent, body: { name: 'a' } }), 409, 'conflict')
  })
})

describe('a refusal that says nothing of what the request asks for', () => {
  /** Refused, nothing remembered; then granted under the same key, as if for the first time. */
  async function expectForgotten(
    refused: () => Promise<Answer>,
    status: number,
    between: () => Promise<unknown>,
    granted: () => Promise<Answer>,
  ): Promise<void> {
    const answer = await expectUnchanged(t, refused)
    expect([answer.status, isReplayed(answer)]).toEqual([status, false])
    await between()
    const next = await granted()
    expectSuccess(next)
    expect(isReplayed(next)).toBe(false)
  }

  it('is forgotten where the input was malformed', async () => {
    const sent = { idempotencyKey: newKey(), key }
    for (const [body, status] of [
      [{ name: '' }, 422],
      ['{', 400],
      ['x'.repeat(70_000), 413],
    ] as const) {
      const answer = await expectUnchanged(t, () => post(t, '/v1/machines', { ...sent, body }))
      expect(answer.status).toBe(status)
    }
    expectSuccess(await post(t, '/v1/machines', { ...sent, body: { name: 'a machine' } }))
  })

  it('is forgotten where the key of the caller was wrong', async () => {
    const sent = { idempotencyKey: newKey(), body: { name: 'a machine' } }
    const send = (as: string) => post(t, '/v1/machines', { ...sent, key: as })
    await expectForgotten(
      () => send(`sk_test_${'3'.repeat(51)}`),
      401,
      async () => {},
      () => send(key),
    )
  })

  it('is forgotten where there was a conflict', async () => {
    const [from, to] = [await t.machine(t.first), await t.machine(t.first)]
    const path = `/v1/machines/${from.id}/scopes`
    const body = { to_machine_id: to.id }
    expectSuccess(await t.request('POST', path, { key, body }))
    const send = () => post(t, path, { idempotencyKey: 'conflict', key, body })
    await expectForgotten(send, 409, () => t.request('DELETE', `${path}/${to.id}`, { key }), send)
  })

  it('is forgotten where there were too many requests', async () => {
    const limited = await startAuthority({}, { rateLimit: 1 })
    const send = (body: object) =>
      post(limited, '/v1/users', { idempotencyKey: 'a', key: limited.first.secretKey, body })
    expectSuccess(await send({}))
    expect((await send({})).status).toBe(429)
    limited.clock.advance(10_000)
    expect(isReplayed(await send({}))).toBe(true)
    await limited.close()
  })
})

describe('of everything that an operation can throw', () => {
  const thrown: readonly [name: string, remembered: boolean, error: Error][] = [
    ...(Object.keys(ERRORS) as ErrorCode[]).map((code) => {
      const { status } = ERRORS[code]
      const remembered = status < 500 && ![401, 408, 409, 413, 415, 429].includes(status)
      return [`${status} ${code}`, remembered, new AuthorityError(code)] as const
    }),
    ['404 with a cause, which is a fault', false, new AuthorityError('resource_not_found', { cause: 1 })],
    ['an error that nobody foresaw', false, new Error('a bug')],
  ].map((row) => row as [string, boolean, Error])

  it.each(thrown)('%s: remembered is %s', async (name, remembered, error) => {
    let runs = 0
    const { operation } = t.authority.routes.find((each) => each.operation.id === 'testingTokens.create')!
    const throwing: Route = {
      operation,
      handle: async () => {
        runs++
        throw error
      },
    }
    const edge = edgeOf({ ...t, authority: { ...t.authority, routes: [throwing] } })
    const send = () =>
      edge.raw({
        method: 'POST',
        path: operation.path,
        headers: { authorization: `Bearer ${key}`, 'idempotency-key': name },
      })
    const first = await send()
    const second = await send()
    expect([second.status, isReplayed(first), isReplayed(second), runs]).toEqual([
      first.status,
      false,
      remembered,
      remembered ? 1 : 2,
    ])
  })
})

describe('a fault', () => {
  it.each([
    ['in the request itself', 'machines'],
    ['in remembering the answer', 'idempotent_answers'],
  ])('%s leaves nothing, and the same request is served afterwards', async (_where, table) => {
    const effects = effectsIn(t)
    const send = () =>
      post(t, '/v1/machines', { idempotencyKey: `fault ${table}`, key, body: { name: 'new' } })
    inDatabase(t, (db) =>
      db.exec(`create trigger fault before insert on ${table} begin select raise(abort, 'a fault'); end`),
    )
    const answer = await expectUnchanged(t, send)
    expectRefusal(answer, 503, 'service_unavailable')
    expect(answer.headers.get('retry-after')).toBe('1')
    inDatabase(t, (db) => db.exec('drop trigger fault'))
    expect(effectsIn(t)).toEqual(effects)

    const served = await send()
    expectSuccess(served)
    expect(isReplayed(served)).toBe(false)
    expectReplay(await send(), served)
  })

  it('in remembering a refusal is told as a fault, and the refusal comes afterwards', async () => {
    const sent = { idempotencyKey: newKey(), key, body: { name: 'a', scoped_machines: [ABSENT.machine] } }
    inDatabase(t, (db) =>
      db.exec("create trigger fault before insert on idempotent_answers begin select raise(abort, 'x'); end"),
    )
    expectRefusal(await expectUnchanged(t, () => post(t, '/v1/machines', sent)), 503, 'service_unavailable')
    inDatabase(t, (db) => db.exec('drop trigger fault'))
    expectRefusal(await post(t, '/v1/machines', sent), 404, 'resource_not_found')
  })
})
