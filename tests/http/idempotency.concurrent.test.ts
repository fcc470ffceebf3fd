/** The same request several times at once, over one connection and over many. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createListener } from '../../packages/server/src/http/adapters/node-listener.ts'
import { createHandler } from '../../packages/server/src/http/handler.ts'
import { openRaw, type RawResponse } from '../e2e/raw-socket.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { effectsIn, expectReplay, inDatabase, isReplayed, post, rowsOf } from './idempotency.ts'
import { ABSENT, edgeOf, expectRefusal, type Edge } from './support.ts'

const AT_ONCE = 20

let t: TestAuthority
let issuer: { readonly id: string; readonly secretKey: string }
let made = 0
const newKey = () => `key ${++made}`

beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const atOnce = <T>(send: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, index) => send(index)))

async function tokensOf(machine: { id: string; secretKey: string }): Promise<number> {
  const path = `/v1/m2m_tokens?subject=${machine.id}`
  return (await t.request('GET', path, { key: machine.secretKey })).body.total_count
}

describe('requests that are sent at once', () => {
  it.each(['opaque', 'jwt'])('issue one token under one key: %s', async (token_format) => {
    issuer = await t.machine(t.first)
    const sent = { idempotencyKey: newKey(), key: issuer.secretKey, body: { token_format } }
    const answers = await atOnce(() => post(t, '/v1/m2m_tokens', sent))
    expect(answers.map(({ status }) => status)).toEqual(Array(AT_ONCE).fill(201))
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(answers.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    const issued = rowsOf(t, 'm2m_tokens').filter(({ machine_id }) => machine_id === issuer.id)
    expect(issued).toHaveLength(1)
    if (token_format === 'opaque') expect(await tokensOf(issuer)).toBe(1)
  })

  it('issue one token each under keys of their own, beside others without a key', async () => {
    issuer = await t.machine(t.first)
    const answers = await atOnce((index) =>
      index % 2 === 0
        ? t.request('POST', '/v1/m2m_tokens', { key: issuer.secretKey })
        : post(t, '/v1/m2m_tokens', { idempotencyKey: newKey(), key: issuer.secretKey }),
    )
    expect(new Set(answers.map(({ body }) => body.token)).size).toBe(AT_ONCE)
    expect(answers.filter(isReplayed)).toEqual([])
    expect(await tokensOf(issuer)).toBe(AT_ONCE)
  })

  // Stops who sends another request under somebody's key from having the rightful retries refused.
  it('are each given the answer of their like, whatever else is sent under the key', async () => {
    issuer = await t.machine(t.first)
    const key = issuer.secretKey
    for (let round = 0; round < 5; round++) {
      const idempotencyKey = newKey()
      const first = await post(t, '/v1/m2m_tokens', { idempotencyKey, key, body: {} })
      const answers = await atOnce((index) =>
        post(t, '/v1/m2m_tokens', { idempotencyKey, key, body: index % 2 === 0 ? { claims: 1 } : {} }),
      )
      const statuses = answers.map(({ status }) => status)
      expect(statuses).toStrictEqual(
        Array.from({ length: AT_ONCE }, (_, index) => (index % 2 === 0 ? 409 : 201)),
      )
      for (const answer of answers.filter(({ status }) => status === 201)) expectReplay(answer, first)
    }
  })

  it('are refused with 409 if they differ from the first', async () => {
    const users = rowsOf(t, 'users').length
    const idempotencyKey = newKey()
    const answers = await atOnce((index) =>
      post(t, '/v1/users', { idempotencyKey, key: t.first.secretKey, body: { first_name: `${index % 2}` } }),
    )
    const [same, others] = [0, 1].map((rest) => answers.filter((_, index) => index % 2 === rest))
    expect(same!.map(({ status }) => status)).toEqual(Array(AT_ONCE / 2).fill(200))
    for (const each of others!) expectRefusal(each, 409, 'conflict')
    expect(rowsOf(t, 'users')).toHaveLength(users + 1)
  })

  it('are all refused where the first is, which is remembered once', async () => {
    const [effects, remembered] = [effectsIn(t), rowsOf(t, 'idempotent_answers').length]
    const body = { name: 'new', scoped_machines: [ABSENT.machine] }
    const sent = { idempotencyKey: newKey(), key: t.first.secretKey, body }
    const answers = await atOnce(() => post(t, '/v1/machines', sent))
    expect(answers.map(({ status }) => status)).toEqual(Array(AT_ONCE).fill(404))
    expect(new Set(answers.map(({ body: { clerk_trace_id } }) => clerk_trace_id)).size).toBe(1)
    expect(answers.filter((answer) => !isReplayed(answer))).toHaveLength(1)
    expect(effectsIn(t)).toEqual(effects)
    expect(rowsOf(t, 'idempotent_answers')).toHaveLength(remembered + 1)
  })

  it('are all told of a fault, and none of them is held for ever', async () => {
    const effects = effectsIn(t)
    const sent = { idempotencyKey: newKey(), key: t.first.secretKey, body: { name: 'new' } }
    inDatabase(t, (db) =>
      db.exec("create trigger fault before insert on machines begin select raise(abort, 'a fault'); end"),
    )
    const answers = await atOnce(() => post(t, '/v1/machines', sent))
    for (const each of answers) expectRefusal(each, 503, 'service_unavailable')
    inDatabase(t, (db) => db.exec('drop trigger fault'))
    expect(effectsIn(t)).toEqual(effects)
    const next = await post(t, '/v1/machines', sent)
    expect([next.status, isReplayed(next)]).toEqual([200, false])
  })
})

describe('requests that come at once to two servers over one database', () => {
  // The last line of defence: the servers know nothing of each other, and only the database can tell.
  it('have one effect, and whose was the second gets the answer of the first', async () => {
    const before = rowsOf(t, 'users').length
    const [one, other] = [edgeOf(t), edgeOf(t)]
    const send = (edge: Edge) =>
      edge.raw({
        method: 'POST',
        path: '/v1/users',
        body: Buffer.from('{"first_name":"Ada"}'),
        headers: { authorization: `Bearer ${t.first.secretKey}`, 'idempotency-key': 'two servers' },
      })
    const [first, second] = await Promise.all([send(one), send(other)])
    expect(first.status).toBe(200)
    expectReplay(second, first)
    expect(rowsOf(t, 'users')).toHaveLength(before + 1)
    expectReplay(await send(other), first)
  })
})

describe('requests on connections', () => {
  let url: string
  let close: () => Promise<void>

  beforeAll(async () => {
    issuer = await t.machine(t.first)
    const handler = createHandler(t.authority, {
      publishedKeys: { all: () => [] },
      checkReady: () => t.authority.storage.check(),
      observe: () => {},
      rateLimit: 0,
      basePath: '',
    })
    const server = createListener(handler, { addressOf: () => null })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    close = async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  })
  afterAll(() => close())

  const BODY = '{"claims":{"a":1}}'
  const headOf = (...keys: readonly string[]) =>
    `POST /v1/m2m_tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${issuer.secretKey}\r\n` +
    keys.map((key) => `Idempotency-Key: ${key}\r\n`).join('') +
    `Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`
  const isMarked = ({ headers }: RawResponse) => headers['idempotent-replayed'] === 'true'

  it('are answered alike if they are sent in one write', async () => {
    const connection = openRaw(url)
    connection.write((headOf('pipelined') + BODY).repeat(3))
    const responses = await connection.responses(3)
    connection.socket.destroy()
    expect(responses.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(responses.map(isMarked)).toEqual([false, true, true])
    expect(new Set(responses.map(({ body }) => body)).size).toBe(1)
  })

  it('do not wait for one whose body is slow, which gets their answer in the end', async () => {
    const slow = openRaw(url)
    slow.write(headOf('slow'), BODY.slice(0, 5))
    const quick = openRaw(url)
    quick.write(headOf('slow') + BODY)
    const [first] = await quick.responses(1)
    quick.socket.destroy()
    slow.write(BODY.slice(5))
    const [second] = await slow.responses(1)
    slow.socket.destroy()
    expect([first!.status, isMarked(first!)]).toEqual([201, false])
    expect([second!.status, isMarked(second!), second!.body]).toEqual([201, true, first!.body])
  })

  // Stops a program on the way here that sees the other of two keys from telling one request for two.
  it.each([
    ['the same', ['a', 'a']],
    ['another', ['a', 'b']],
  ])('are refused if they have the header twice with %s key', async (_name, keys) => {
    const connection = openRaw(url)
    connection.write(headOf(...keys) + BODY)
    const [response] = await connection.responses(1)
    connection.socket.destroy()
    expect(response!.status).toBe(400)
    expect(JSON.parse(response!.body).errors[0].code).toBe('bad_request')
  })

  it('may have a key with a comma', async () => {
    const connection = openRaw(url)
    connection.write((headOf('a, b') + BODY).repeat(2))
    const responses = await connection.responses(2)
    connection.socket.destroy()
    expect(responses.map(isMarked)).toEqual([false, true])
  })

  it('is served whole if its client has gone, and the retry gets its answer', async () => {
    const before = rowsOf(t, 'm2m_tokens').length
    const gone = openRaw(url)
    gone.write(headOf('gone') + BODY)
    await new Promise<void>((resolve) => gone.socket.end(resolve))
    gone.socket.destroy()
    const retry = openRaw(url)
    retry.write(headOf('gone') + BODY)
    const [response] = await retry.responses(1)
    retry.socket.destroy()
    expect(response!.status).toBe(201)
    expect(rowsOf(t, 'm2m_tokens')).toHaveLength(before + 1)
  })
})
