/** What holds for every answer and every request: headers, trace ids, versions and limits. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectSuccess, expectUnchanged, expectWellFormed } from './support.ts'
import { ABSENT_IDS, createWorld, samplesOf, type Sample, type World } from './world.ts'

const SAMPLES = samplesOf(ABSENT_IDS)

let t: TestAuthority
let world: World

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
})
afterAll(() => t.close())

const keyFor = ({ callers }: Sample) =>
  callers === 'machine' ? world.issuer.secretKey : world.instance.secretKey
const sampleNamed = (name: string) => samplesOf(world.ids).find((each) => each.name === name)!

describe('an answer', () => {
  it('has the exact content type of JSON, a trace id and no CORS header, whatever its status', async () => {
    const key = world.instance.secretKey
    const answers: Answer[] = [
      await t.request('GET', '/v1/jwks', { key }),
      await t.request('GET', '/v1/jwks'),
      await t.request('GET', '/nowhere', { key }),
      await t.request('PUT', '/v1/machines', { key }),
      await t.request('POST', '/v1/machines', { key, body: '[' }),
      await t.request('POST', '/v1/machines', { key, body: {} }),
      await t.request('POST', '/v1/machines', { key, body: 'x'.repeat(70_000) }),
      await t.request('POST', '/v1/machines', { key, body: '{}', headers: { 'content-type': 'x/y' } }),
      await t.request('POST', '/v1/m2m_tokens', { key: world.issuer.secretKey, body: {} }),
      await t.request('GET', '/health/live'),
    ]
    expect(answers.map(({ status }) => status)).toStrictEqual([
      200, 401, 404, 405, 400, 422, 413, 415, 201, 200,
    ])
    for (const answer of answers) expectWellFormed(answer)
  })

  it('has a trace id of its own, which is that of its event and of its audit event', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        t.request('POST', '/v1/testing_tokens', { key: world.instance.secretKey }),
      ),
    )
    const ids = answers.map(({ headers }) => headers.get('clerk-trace-id')!)
    expect(new Set(ids).size).toBe(20)
    expect(
      t.events
        .slice(-20)
        .map(({ traceId }) => traceId)
        .toSorted(),
    ).toStrictEqual(ids.toSorted())
    const audited = await t.authority.storage.read.audit.newest(20)
    expect(audited.map(({ traceId }) => traceId).toSorted()).toStrictEqual(ids.toSorted())
  })

  // Stops a caller from writing what he likes into the operator's log.
  it('takes no trace id from the request', async () => {
    const given = 'f'.repeat(32)
    const answer = await t.request('GET', '/v1/jwks', {
      headers: {
        'clerk-trace-id': given,
        'x-request-id': given,
        traceparent: `00-${given}-0000000000000001-01`,
      },
    })
    expect(answer.headers.get('clerk-trace-id')).not.toBe(given)
  })

  // Stops a page from reading what a secret key opens.
  it.each(['null', 'https://evil.example', 'http://127.0.0.1:4100'])(
    'lets no page of the origin %s read it',
    async (origin) => {
      const answer = await t.request('GET', '/v1/jwks', {
        key: world.instance.secretKey,
        headers: { origin },
      })
      expectSuccess(answer)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toStrictEqual([])
    },
  )
})

describe('Clerk-API-Version', () => {
  const ask = (version: string | null) =>
    t.request('GET', '/v1/jwks', {
      key: world.instance.secretKey,
      ...(version !== null && { headers: { 'clerk-api-version': version } }),
    })

  it.each([
    null,
    '2021-02-05',
    '2024-10-01',
    '2025-03-12',
    '2025-04-10',
    '2025-11-10',
    '2026-05-12',
    '2099-01-01',
  ])('may be %s', async (version) => {
    expectSuccess(await ask(version))
  })

  it.each([
    'latest',
    '1',
    '',
    '2025-4-10',
    '20250410',
    '2025-04-10 x',
    '2025-04-10, 2025-04-10',
    'v2025-04-10',
  ])('is 400 if it is "%s"', async (version) => {
    expectRefusal(await ask(version), 400, 'api_version_invalid')
  })

  it.each(SAMPLES.map(({ name }) => name))(
    'is looked at by %s, which a bad one does not change',
    async (name) => {
      const { method, path, body } = sampleNamed(name)
      const answer = await expectUnchanged(t, () =>
        t.request(method, path, {
          key: keyFor(sampleNamed(name)),
          body,
          headers: { 'clerk-api-version': 'latest' },
        }),
      )
      expectRefusal(answer, 400, 'api_version_invalid')
    },
  )
})

describe('the limit of requests', () => {
  const limited = (rateLimit: number) => {
    const { raw } = edgeOf(t, { rateLimit })
    return (key: string, path = '/v1/machines') => raw({ path, headers: { authorization: `Bearer ${key}` } })
  }

  it('is counted for each key, and told with the seconds to wait', async () => {
    const ask = limited(3)
    const answers: Answer[] = []
    for (let index = 0; index < 5; index++) answers.push(await ask(world.instance.secretKey))
    expect(answers.map(({ status }) => status)).toStrictEqual([200, 200, 200, 429, 429])
    const [last] = answers.slice(-1)
    expectRefusal(last!, 429, 'too_many_requests')
    expect(last!.headers.get('retry-after')).toMatch(/^([1-9]|10)$/)
    const other = await t.addInstance()
    expect((await ask(other.secretKey)).status).toBe(200)
    t.clock.advance(Number(last!.headers.get('retry-after')) * 1000)
    expect((await ask(world.instance.secretKey)).status).toBe(200)
  })

  // Stops a stranger from using up the limit of a key that he does not have.
  it('is not touched by requests without a good key', async () => {
    const ask = limited(1)
    const statuses: number[] = []
    for (const key of ['x', `${world.instance.secretKey}x`, world.issuer.secretKey, 'x']) {
      statuses.push((await ask(key)).status)
    }
    expect(statuses).toStrictEqual([401, 401, 401, 401])
    expect((await ask(world.instance.secretKey)).status).toBe(200)
  })

  // Stops visitors of an application, whose tokens it has verified, from locking its key out of all else.
  it('is counted apart for verifications', async () => {
    const { raw } = edgeOf(t, { rateLimit: 2 })
    const headers = {
      authorization: `Bearer ${world.instance.secretKey}`,
      'content-type': 'application/json',
    }
    const verify = () =>
      raw({
        method: 'POST',
        path: '/v1/m2m_tokens/verify',
        headers,
        body: Buffer.from('{"token":"mt_invented"}'),
      })
    const statuses: number[] = []
    for (let index = 0; index < 4; index++) statuses.push((await verify()).status)
    expect(statuses).toStrictEqual([404, 404, 429, 429])
    expect((await raw({ path: '/v1/machines', headers })).status).toBe(200)
  })

  it('does not hold for public keys and health, without which nobody could verify anything', async () => {
    const ask = limited(1)
    for (let index = 0; index < 5; index++) {
      for (const path of ['/v1/jwks', '/health/live', '/health/ready', '/openapi.json']) {
        expect((await ask(world.instance.secretKey, path)).status).toBe(200)
      }
    }
  })
})
