/** What an Idempotency-Key may be, and what it counts for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectReplay, isReplayed, post } from './idempotency.ts'
import { edgeOf, expectRefusal, expectSuccess, expectUnchanged } from './support.ts'
import { ABSENT_IDS, createWorld, samplesOf, type Sample, type World } from './world.ts'

let t: TestAuthority
let world: World
let made = 0
const newKey = () => `key ${++made}`

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
})
afterAll(() => t.close())

const POSTS = samplesOf(ABSENT_IDS).filter(({ method }) => method === 'POST')

const keyFor = ({ callers }: Sample) =>
  callers === 'machine' ? world.issuer.secretKey : world.instance.secretKey
const sampleNamed = (name: string) => samplesOf(world.ids).find((each) => each.name === name)!

describe('an Idempotency-Key', () => {
  it.each([
    ['body', '/v1/users', '/v1/users', { first_name: 'Ada' }, { first_name: 'Grace' }],
    [
      'type in the body',
      '/v1/users',
      '/v1/users',
      { public_metadata: { a: 1 } },
      { public_metadata: { a: '1' } },
    ],
    ['query', '/v1/users', '/v1/users?a=1', {}, {}],
  ])('is refused with 409 for a request with another %s', async (_what, path, otherPath, body, otherBody) => {
    const sent = { idempotencyKey: newKey(), key: world.instance.secretKey }
    const first = await post(t, path, { ...sent, body })
    const other = await expectUnchanged(t, () => post(t, otherPath, { ...sent, body: otherBody }))
    expectRefusal(other, 409, 'conflict')
    expect(other.body.errors[0].long_message).toContain('sent before with another request')
    expectReplay(await post(t, path, { ...sent, body }), first)
  })

  it('is refused with 409 for a request with another path', async () => {
    const sent = { idempotencyKey: newKey(), key: world.instance.secretKey, body: { previous_token_ttl: 60 } }
    const pathOf = ({ id }: { id: string }) => `/v1/machines/${id}/secret_key/rotate`
    const first = await post(t, pathOf(world.reader), sent)
    expectRefusal(await expectUnchanged(t, () => post(t, pathOf(world.stranger), sent)), 409, 'conflict')
    expectReplay(await post(t, pathOf(world.reader), sent), first)
  })

  it('is another for another machine, for the instance and for another instance', async () => {
    const idempotencyKey = newKey()
    const [one, two] = [await t.machine(t.first), await t.machine(t.first)]
    const elsewhere = await t.machine(await t.addInstance())
    const issued = await Promise.all(
      [one, two, elsewhere].map(({ secretKey: key }) => post(t, '/v1/m2m_tokens', { idempotencyKey, key })),
    )
    expect(issued.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(issued.filter(isReplayed)).toEqual([])
    expect(new Set(issued.map(({ body }) => body.token)).size).toBe(3)

    const revoke = (key: string) =>
      post(t, `/v1/m2m_tokens/${issued[0]!.body.id}/revoke`, { idempotencyKey, key, body: {} })
    expect(isReplayed(await revoke(one.secretKey))).toBe(false)
    expect(isReplayed(await revoke(t.first.secretKey))).toBe(false)
    expect((await revoke(two.secretKey)).status).toBe(404)
  })

  it('is another for another operation', async () => {
    const sent = { idempotencyKey: newKey(), key: world.instance.secretKey, body: {} }
    const [user, testing] = [await post(t, '/v1/users', sent), await post(t, '/v1/testing_tokens', sent)]
    expect([user.body.object, testing.body.object]).toEqual(['user', 'testing_token'])
    expect([isReplayed(user), isReplayed(testing)]).toEqual([false, false])
  })

  it.each([
    ['one character', 'x'],
    ['255 characters', 'x'.repeat(255)],
    ['every printable character', ' !"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~'.trim()],
  ])('may have %s', async (_name, idempotencyKey) => {
    const send = () => sendRaw({ 'idempotency-key': idempotencyKey })
    const first = await send()
    expect(first.status).toBe(200)
    expectReplay(await send(), first)
  })

  const sendRaw = (
    headers: Record<string, string>,
    sample = sampleNamed('users.create'),
    repeated?: string,
  ) =>
    edgeOf(t).raw({
      method: 'POST',
      path: sample.path,
      body: Buffer.from(JSON.stringify(sample.body ?? {})),
      headers: { authorization: `Bearer ${keyFor(sample)}`, ...headers },
      repeated: (name) => name === repeated,
    })

  it.each([
    ['is empty', ''],
    ['has 256 characters', 'x'.repeat(256)],
    ['has a letter beyond ASCII', 'kéy'],
    ['has a tab', 'a\tb'],
    ['has a DEL', 'a\u007fb'],
  ])('is refused with 400 if it %s', async (_name, idempotencyKey) => {
    const answer = await expectUnchanged(t, () => sendRaw({ 'idempotency-key': idempotencyKey }))
    expectRefusal(answer, 400, 'bad_request')
    expect(answer.body.errors[0].long_message).toMatch(/Idempotency-Key.*1 to 255 printable ASCII/)
  })

  it.each(POSTS)('is refused with 400 if it is sent twice, or cannot be one: $name', async ({ name }) => {
    const sample = sampleNamed(name)
    await expectUnchanged(t, async () => {
      expectRefusal(await sendRaw({ 'idempotency-key': 'a' }, sample, 'idempotency-key'), 400, 'bad_request')
      expectRefusal(await sendRaw({ 'idempotency-key': '' }, sample), 400, 'bad_request')
    })
  })

  it('counts for nothing in a request that is no POST', async () => {
    const key = world.instance.secretKey
    for (const idempotencyKey of [newKey(), '']) {
      const send = (method: string, path: string, body?: object) =>
        edgeOf(t).raw({
          method,
          path,
          headers: { authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey },
          ...(body && { body: Buffer.from(JSON.stringify(body)) }),
        })
      const { id } = (await t.request('POST', '/v1/users', { key, body: {} })).body
      for (const name of ['first', 'second']) {
        const { body, headers } = await send('PATCH', `/v1/users/${id}`, { first_name: name })
        expect([body.first_name, isReplayed({ headers })]).toEqual([name, false])
        expect((await send('GET', `/v1/users/${id}`)).body.first_name).toBe(name)
        const put = await send('PUT', `/v1/users/${id}/metadata`, { public_metadata: { name } })
        expect(put.body.public_metadata).toEqual({ name })
      }
      expect((await send('DELETE', `/v1/users/${id}`)).status).toBe(200)
      expect((await send('DELETE', `/v1/users/${id}`)).status).toBe(404)
    }
  })

  // Stops a revoked token from being good for another day for whoever sends the same key again.
  it('counts for nothing in a verification', async () => {
    const { token, id } = (await t.request('POST', '/v1/m2m_tokens', { key: world.issuer.secretKey })).body
    const sent = { idempotencyKey: newKey(), key: world.instance.secretKey, body: { token } }
    expectSuccess(await post(t, '/v1/m2m_tokens/verify', sent))
    await t.request('POST', `/v1/m2m_tokens/${id}/revoke`, { key: world.instance.secretKey })
    const refused = await post(t, '/v1/m2m_tokens/verify', sent)
    expectRefusal(refused, 404, 'resource_not_found')
    expect(isReplayed(refused)).toBe(false)
    expect(t.events.at(-1)?.verdict).toBe('revoked')
  })
})
