/** A POST under an Idempotency-Key happens once, and is answered the same each time it is sent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectReplay, isReplayed, post } from './idempotency.ts'
import { expectRefusal, expectSuccess, expectUnchanged } from './support.ts'
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

const VERDICTS = new Set(['m2mTokens.verify', 'testingTokens.verify', 'sessions.verifyToken'])
const POSTS = samplesOf(ABSENT_IDS).filter(({ method }) => method === 'POST')
const REPLAYED = POSTS.filter(({ operation }) => !VERDICTS.has(operation))

const keyFor = ({ callers }: Sample) =>
  callers === 'machine' ? world.issuer.secretKey : world.instance.secretKey
const sampleNamed = (name: string) => samplesOf(world.ids).find((each) => each.name === name)!

describe('a POST that is sent again under the same key', () => {
  it('is tried for every operation that has an effect', () => {
    const served = t.authority.routes.filter(({ operation }) => operation.method === 'POST')
    expect(new Set(POSTS.map(({ operation }) => operation))).toEqual(
      new Set(served.map(({ operation }) => operation.id)),
    )
    const verdicts = served.filter(({ operation }) => operation.verdict).map(({ operation }) => operation.id)
    expect(new Set(verdicts)).toEqual(VERDICTS)
  })

  it.each(REPLAYED)('is answered as before, is marked and changes nothing: $name', async ({ name }) => {
    const sample = sampleNamed(name)
    const sent = { idempotencyKey: newKey(), key: keyFor(sample), body: sample.body }
    const first = await post(t, sample.path, sent)
    expect(first.status).toBeLessThan(300)
    expect(isReplayed(first)).toBe(false)
    expectReplay(await expectUnchanged(t, () => post(t, sample.path, sent)), first)
    expectReplay(await expectUnchanged(t, () => post(t, sample.path, sent)), first)
  })

  it('gets at first what it would get without a key', async () => {
    const key = world.instance.secretKey
    const body = { name: 'scoped', scoped_machines: [world.reader.id], default_token_ttl: 60 }
    const plain = expectSuccess(await t.request('POST', '/v1/machines', { key, body }))
    const keyed = expectSuccess(await post(t, '/v1/machines', { idempotencyKey: newKey(), key, body }))
    expect(keyed).toEqual({ ...plain, id: keyed.id, secret_key: keyed.secret_key })
    expect(keyed.id).not.toBe(plain.id)
  })

  it('gets a token that is good', async () => {
    const sent = { idempotencyKey: newKey(), key: world.issuer.secretKey, body: {} }
    await post(t, '/v1/m2m_tokens', sent)
    const { token } = (await post(t, '/v1/m2m_tokens', sent)).body
    const verified = await t.request('POST', '/v1/m2m_tokens/verify', {
      key: world.reader.secretKey,
      body: { token },
    })
    expectSuccess(verified)
  })

  it('may be written in another way, as long as it says the same', async () => {
    const sent = { idempotencyKey: newKey(), key: world.instance.secretKey }
    const first = await post(t, '/v1/users', {
      ...sent,
      body: '{"first_name":"Ada","public_metadata":{"a":1,"b":[2]}}',
    })
    const again = '{ "public_metadata": {"b": [2.0], "a": 1},\n "first_name": "\\u0041da" }'
    expectReplay(await post(t, '/v1/users', { ...sent, body: again }), first)
  })

  it('may have no body where it had an empty object', async () => {
    const sent = { idempotencyKey: newKey(), key: world.issuer.secretKey }
    const first = await post(t, '/v1/m2m_tokens', { ...sent, body: {} })
    expectReplay(await post(t, '/v1/m2m_tokens', sent), first)
    expectReplay(await post(t, '/m2m_tokens', sent), first)
  })

  it('is logged as what it was', async () => {
    const sent = { idempotencyKey: newKey(), key: world.issuer.secretKey }
    await post(t, '/v1/m2m_tokens', sent)
    const { headers } = await post(t, '/v1/m2m_tokens', sent)
    expect(t.events.at(-1)).toMatchObject({
      operation: 'm2mTokens.create',
      status: 201,
      errorCode: null,
      replayed: true,
      traceId: headers.get('clerk-trace-id'),
    })
  })

  // Stops who has found an Idempotency-Key from getting the token without the key of its holder.
  it('needs a good key of the caller as the first time', async () => {
    const sent = { idempotencyKey: newKey(), key: world.issuer.secretKey }
    await post(t, '/v1/m2m_tokens', sent)
    expectRefusal(
      await post(t, '/v1/m2m_tokens', { ...sent, key: undefined }),
      401,
      'authorization_header_format_invalid',
    )
    expectRefusal(
      await post(t, '/v1/m2m_tokens', { ...sent, key: `ak_${'3'.repeat(51)}` }),
      401,
      'machine_secret_key_invalid',
    )
  })

  it('may come with the next key of the same machine', async () => {
    const machine = await t.machine(t.first)
    const sent = { idempotencyKey: newKey(), key: machine.secretKey }
    const first = await post(t, '/v1/m2m_tokens', sent)
    const { secret } = (
      await t.request('POST', `/v1/machines/${machine.id}/secret_key/rotate`, {
        key: t.first.secretKey,
        body: { previous_token_ttl: 0 },
      })
    ).body
    expectReplay(await post(t, '/v1/m2m_tokens', { ...sent, key: secret }), first)
  })
})
