/**
 * Clients generated from the published schemas are stricter than the JavaScript one: the exact status,
 * the literal `object`, whole numbers, all required names and, for M2M and actor tokens, no other.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientMachine, type Compat, send, startCompat } from './support.ts'

let compat: Compat
let api: ClientMachine
let worker: ClientMachine

beforeAll(async () => {
  compat = await startCompat()
  api = await compat.machine()
  worker = await compat.machine([api.id])
})

afterAll(() => compat.close())

const integer: unknown = expect.toSatisfy(Number.isInteger, 'is a whole number')
const text: unknown = expect.any(String)

const m2mToken = () => ({
  object: 'machine_to_machine_token',
  id: expect.stringMatching(/^mt_[0-9A-Fa-f]{32}$/),
  subject: expect.stringMatching(/^mch_\w{27}$/),
  claims: null,
  scopes: [api.id],
  revoked: false,
  revocation_reason: null,
  expired: false,
  expiration: integer,
  last_used_at: null,
  created_at: integer,
  updated_at: integer,
})

const create = (body: unknown, path = '/v1/m2m_tokens') =>
  send(compat.server, 'POST', path, { key: worker.secretKey, body })

describe('what generated clients send', () => {
  it('may be null, which Go has where there is nothing to say', async () => {
    const instance = { key: compat.server.env.CLERK_SECRET_KEY!, body: 'null' }
    expect((await send(compat.server, 'POST', '/v1/testing_tokens', instance)).status).toBe(200)
    const { status, body } = await create('null')
    expect(status).toBe(201)
    const revoked = await send(compat.server, 'POST', `/v1/m2m_tokens/${body.id}/revoke`, instance)
    expect([revoked.status, revoked.body.revoked]).toEqual([200, true])
    const missing = await send(compat.server, 'POST', '/v1/machines', instance)
    expect([missing.status, missing.body.errors[0].code]).toEqual([422, 'form_param_missing'])
  })

  it('may be whole numbers with a fraction, which Python and Java have in queries', async () => {
    const list = (query: string) =>
      send(compat.server, 'GET', `/v1/m2m_tokens?subject=${worker.id}&${query}`, { key: worker.secretKey })
    const { status, body } = await list('revoked=false&expired=false&limit=10.0&offset=0.0')
    expect([status, body]).toEqual([200, (await list('limit=10&offset=0')).body])
    for (const query of ['limit=10.5', 'limit=0.0', 'limit=101.0', 'offset=.0', 'offset=1.', 'offset=1e1'])
      expect((await list(query)).status).toBe(400)
  })
})

describe('an M2M token', () => {
  it.each(['/m2m_tokens', '/v1/m2m_tokens'])('is made by POST %s with 201 and exact names', async (path) => {
    const { status, body } = await create({ seconds_until_expiration: 60 }, path)
    expect(status).toBe(201)
    expect(body).toEqual({ ...m2mToken(), token: text })
  })

  it('is 201 too when it is given out again', async () => {
    const asked = { seconds_until_expiration: 600, min_remaining_ttl_seconds: 1 }
    const [first, second] = [await create(asked), await create(asked)]
    expect(second.status).toBe(201)
    expect(second.body).toEqual(first.body)
  })

  it('has whole numbers for a lifetime with a fraction, in either form', async () => {
    for (const token_format of ['opaque', 'jwt']) {
      for (const seconds_until_expiration of ['60.0', '1.0005', '0.0001']) {
        const raw = `{"token_format":"${token_format}","seconds_until_expiration":${seconds_until_expiration}}`
        const { status, body } = await create(raw)
        expect(status).toBe(201)
        // The shortest may be over before it is written.
        expect(body).toEqual({ ...m2mToken(), expired: expect.any(Boolean), token: text })
        expect(body.expiration).toBeGreaterThan(body.created_at)
      }
    }
  })

  it.each(['/m2m_tokens', '/v1/m2m_tokens'])(
    'is shown by the rest of %s without its secret',
    async (path) => {
      const { body: issued } = await create({ seconds_until_expiration: 60 }, path)
      const { token, ...shown } = issued
      const verified = await send(compat.server, 'POST', `${path}/verify`, {
        key: api.secretKey,
        body: { token },
      })
      expect(verified).toMatchObject({ status: 200 })
      expect(verified.body).toEqual({ ...shown, last_used_at: integer, updated_at: integer })

      const listed = await send(compat.server, 'GET', `${path}?subject=${worker.id}&limit=1`, {
        key: worker.secretKey,
      })
      expect(listed.body).toEqual({ m2m_tokens: [verified.body], total_count: integer })

      const revoke = `${path}/${issued.id}/revoke`
      const revoked = await send(compat.server, 'POST', revoke, { key: worker.secretKey, body: {} })
      expect(revoked).toMatchObject({ status: 200 })
      expect(revoked.body).toEqual({ ...verified.body, revoked: true, updated_at: integer })
    },
  )

  it('is verified by what Python’s client sends, which names it a secret', async () => {
    const { body } = await create({})
    const key = compat.secretKey
    const verified = await send(compat.server, 'POST', '/m2m_tokens/verify', {
      key,
      body: { secret: body.token },
    })
    expect(verified).toMatchObject({ status: 200, body: { id: body.id } })
  })

  it('is not made of a request that has names of its own', async () => {
    const { status, body } = await create({ unheard_of: true })
    expect(status).toBe(400)
    expect(body.errors).toEqual([
      { code: 'bad_request', message: text, long_message: text, meta: { param_name: 'unheard_of' } },
    ])
  })
})

describe('the other kinds', () => {
  it('have their literal object, whole numbers and no name beyond the published', async () => {
    const key = compat.secretKey
    const post = async (path: string, body?: unknown) => send(compat.server, 'POST', path, { key, body })

    const testing = await post('/v1/testing_tokens')
    expect(testing).toMatchObject({ status: 200 })
    expect(testing.body).toEqual({ object: 'testing_token', token: text, expires_at: integer })

    const user_id = `user_${'0'.repeat(27)}`
    const actor = await post('/v1/actor_tokens', { user_id, actor: { sub: 'user_operator' } })
    const { token: _token, url: _url, ...kept } = actor.body
    expect(actor).toMatchObject({ status: 200, body: { token: text, url: text } })
    expect(kept).toEqual({
      object: 'actor_token',
      id: text,
      status: 'pending',
      user_id,
      actor: { sub: 'user_operator' },
      created_at: integer,
      updated_at: integer,
    })
    const revoked = await post(`/v1/actor_tokens/${kept.id}/revoke`)
    expect(revoked).toMatchObject({ status: 200 })
    expect(revoked.body).toEqual({ ...kept, status: 'revoked', updated_at: integer })

    const machine = await post('/v1/machine_tokens', {
      machine_id: worker.id,
      claims: {},
      allowed_clock_skew: 5,
    })
    expect(machine).toMatchObject({ status: 200 })
    expect(machine.body).toEqual({ object: 'token', jwt: text })
  })
})

describe('every answer', () => {
  it('is exactly application/json, a refusal too', async () => {
    const key = compat.secretKey
    for (const path of ['/v1/machines', '/v1/nothing', '/v1/users/count', '/.well-known/jwks.json']) {
      const { headers } = await send(compat.server, 'GET', path, { key })
      expect(headers.get('content-type')).toBe('application/json')
    }
  })

  it('is the same for every date of the API, and for none', async () => {
    const dates = ['2021-02-05', '2024-10-01', '2025-04-10', '2025-11-10', '2026-05-12', '2031-01-01']
    const versions: Record<string, string>[] = dates.map((date) => ({ 'clerk-api-version': date }))
    for (const headers of [{}, ...versions]) {
      const { status, body } = await send(compat.server, 'POST', '/v1/m2m_tokens', {
        key: worker.secretKey,
        body: { seconds_until_expiration: 60 },
        headers,
      })
      expect(status).toBe(201)
      expect(body).toEqual({ ...m2mToken(), token: text })
    }
    const malformed = { key: compat.secretKey, headers: { 'clerk-api-version': 'latest' } }
    expect(await send(compat.server, 'GET', '/v1/jwks', malformed)).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'api_version_invalid' }] },
    })
  })
})
