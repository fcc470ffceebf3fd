import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unavailable } from '../../packages/server/src/core/errors.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectSuccess } from './support.ts'

let t: TestAuthority
beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

describe.each([
  ['/health/live', 'live', {}],
  ['/health/ready', 'ready', { log: { epoch: expect.any(String), position: 1, age_ms: expect.any(Number) } }],
])('%s', (path, status, more) => {
  it('says that all is well, to anyone', async () => {
    expect(expectSuccess(await t.request('GET', path))).toStrictEqual({ status, ...more })
  })

  it('answers whatever key, query or API version a probe sends', async () => {
    const answer = await t.request('GET', `${path}?probe=1&probe=2`, {
      key: 'garbage',
      headers: { 'clerk-api-version': 'latest' },
    })
    expect(expectSuccess(answer)).toStrictEqual({ status, ...more })
  })

  it('answers HEAD without a body', async () => {
    const answer = await t.request('HEAD', path)
    expect([answer.status, answer.body]).toStrictEqual([200, null])
    expect(answer.headers.get('content-type')).toBe('application/json')
  })

  it.each(['POST', 'DELETE'])('does not answer to %s', async (method) => {
    const answer = await t.request(method, path)
    expectRefusal(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('allow')).toMatch(/\bGET\b/)
  })

  it.each([`${path}/`, `${path}x`, path.toUpperCase(), `/v1${path}`])(
    'is not to be found at %s',
    async (other) => {
      expectRefusal(await t.request('GET', other), 404, 'resource_not_found')
    },
  )
})

describe('readiness', () => {
  const probe = (path: string) => {
    const checkReady = () => {
      throw unavailable(new Error('SQLITE_IOERR: disk I/O error at /secret/path'))
    }
    return edgeOf(t, { checkReady }).raw({ path })
  }

  it('is 503 with Retry-After where the store cannot answer, and says nothing of why', async () => {
    const answer = await probe('/health/ready')
    expectRefusal(answer, 503, 'service_unavailable')
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(JSON.stringify(answer.body)).not.toMatch(/SQLITE|path/)
  })

  it('does not change that the server is live', async () => {
    expect((await probe('/health/live')).status).toBe(200)
  })
})

describe('a base path', () => {
  it('stands in front of every path, which is also found without it where a proxy cuts it off', async () => {
    const { raw } = edgeOf(t, { basePath: '/mintmark' })
    const headers = { authorization: `Bearer ${t.first.secretKey}` }
    const statuses: Record<string, number> = {}
    for (const path of [
      '/mintmark/v1/jwks',
      '/v1/jwks',
      '/mintmark/health/live',
      '/mintmarkv1/jwks',
      '/Mintmark/v1/jwks',
      '/mintmark/mintmark/v1/jwks',
      '/mintmark',
      '/mintmark/',
    ]) {
      statuses[path] = (await raw({ path, headers })).status
    }
    expect(statuses).toStrictEqual({
      '/mintmark/v1/jwks': 200,
      '/v1/jwks': 200,
      '/mintmark/health/live': 200,
      '/mintmarkv1/jwks': 404,
      '/Mintmark/v1/jwks': 404,
      '/mintmark/mintmark/v1/jwks': 404,
      '/mintmark': 404,
      '/mintmark/': 404,
    })
  })
})
