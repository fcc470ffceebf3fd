/** Which method at which path is an operation, and that nothing else is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectSuccess } from './support.ts'
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
const bare = (path: string) => path.split('?')[0]!

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'QUERY', 'PROPFIND', '__proto__']

/** The methods that answer at a path, in the order in which `Allow` gives them. */
const methodsAt = (path: string) =>
  ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((method) =>
    SAMPLES.some((sample) => sample.method === method && bare(sample.path) === path),
  )

describe.each([...new Set(SAMPLES.map(({ path }) => bare(path)))])('%s', (path) => {
  it('is 405 for every method that it does not answer to, and says which it does', async () => {
    const allowed = methodsAt(path)
    const others = METHODS.filter(
      (each) => !allowed.includes(each) && !(each === 'HEAD' && allowed.includes('GET')),
    )
    for (const method of others) {
      const answer = await t.request(method, path, { key: world.instance.secretKey })
      expect([
        method,
        answer.status,
        answer.headers
          .get('allow')
          ?.split(', ')
          .filter((each) => each !== 'HEAD'),
      ]).toStrictEqual([method, 405, allowed])
      if (method === 'HEAD') expect(answer.body).toBeNull()
      else expectRefusal(answer, 405, 'method_not_allowed')
    }
  })

  // Stops a method from being smuggled past what guards the others.
  it('does not let a header or a parameter stand for the method', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' }
    const before = t.events.length
    const answer = await t.request('QUERY', `${path}?_method=DELETE`, {
      key: world.instance.secretKey,
      headers,
    })
    expect(answer.status).toBe(405)
    expect(t.events[before]).toMatchObject({ operation: 'none', status: 405 })
  })
})

describe('HEAD', () => {
  const GETS = SAMPLES.filter(({ method }) => method === 'GET').map(({ name }) => name)
  it.each(GETS)('answers %s with the status and headers of GET, and no body', async (name) => {
    const { path } = sampleNamed(name)
    const key = keyFor(sampleNamed(name))
    for (const options of [{ key }, {}]) {
      const [get, head] = [await t.request('GET', path, options), await t.request('HEAD', path, options)]
      expect([head.status, head.body]).toStrictEqual([get.status, null])
      const names = (answer: Answer) => [...answer.headers.keys()]
      expect(names(head)).toStrictEqual(names(get))
    }
  })
})

describe('OPTIONS', () => {
  it.each(['/v1/machines', '/v1/jwks', '/m2m_tokens/verify'])(
    'at %s gives a page no leave to ask anything',
    async (path) => {
      const answer = await t.request('OPTIONS', path, {
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' },
      })
      expectRefusal(answer, 405, 'method_not_allowed')
    },
  )
})

describe('a path', () => {
  const [verify, revoke] = ['/v1/m2m_tokens/verify', `/v1/m2m_tokens/${ABSENT_IDS.m2mToken}/revoke`]
  // Stops a path that another program on the way reads differently from getting past what it guards.
  it.each([
    '',
    '/',
    '//',
    '/v1',
    '/v1/',
    '/v2/machines',
    '/V1/machines',
    '/v1/Machines',
    '/v1//machines',
    '//v1/machines',
    '/v1/machines/',
    '/v1/machines//',
    '/v1/./machines',
    '/v1/../v1/machines',
    '/v1/x/../machines',
    '/v1/%2e%2e/v1/machines',
    '/v1/%2e/machines',
    '/v1%2Fmachines',
    '/v1%2fmachines',
    '/v1/%6dachines',
    '/v1/machines%2F',
    '/v1/machines%00',
    '/v1/machines%20',
    '/v1/machines%0a',
    '/v1/machines;x',
    '/v1/machines;x=1',
    '/v1;x/machines',
    '/v1/machines.json',
    '/v1/machines:x',
    String.raw`/v1\machines`,
    '/v1/machines#x',
    'v1/machines',
    '*',
    'http://127.0.0.1/v1/machines',
    'https://evil.example/v1/machines',
    '/machines',
    '/testing_tokens',
    '/jwks',
    '/__proto__',
    '/v1/__proto__',
    '/v1/constructor/prototype',
    `/${'x'.repeat(10_000)}`,
    `/v1/${'a/'.repeat(5_000)}`,
    '/v1/m\u0430chines',
    '/v1/ｍachines',
  ])('is not found unless it is exactly that of an operation: %s', async (path) => {
    const headers = { authorization: `Bearer ${world.instance.secretKey}` }
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) {
      const answer = await edgeOf(t).raw({ method, path, headers })
      if (method === 'HEAD') expect([answer.status, answer.body]).toStrictEqual([404, null])
      else expectRefusal(answer, 404, 'resource_not_found')
    }
  })

  it.each([
    `${verify}/`,
    `${verify}%2f`,
    `${verify};x`,
    verify.replace('verify', 'Verify'),
    verify.replace('/verify', '//verify'),
    `${revoke}/`,
    revoke.replace('/revoke', '//revoke'),
    revoke.replace('/revoke', '%2Frevoke'),
    revoke.replace('/revoke', '/./revoke'),
    revoke.replace('mt_', 'MT_'),
    revoke.replace('mt_', '%6dt_'),
    `/v1/m2m_tokens/../m2m_tokens/${ABSENT_IDS.m2mToken}/revoke`,
  ])('beside an M2M endpoint is not found either: %s', async (path) => {
    const headers = { authorization: `Bearer ${world.instance.secretKey}` }
    expectRefusal(await edgeOf(t).raw({ method: 'POST', path, headers }), 404, 'resource_not_found')
  })

  it('that is not there is 404 to everybody, with or without a key', async () => {
    const answers = await Promise.all(
      [undefined, 'garbage', world.instance.secretKey, world.issuer.secretKey].map((key) =>
        t.request('GET', '/v1/nowhere', { key }),
      ),
    )
    for (const answer of answers) expectRefusal(answer, 404, 'resource_not_found')
  })

  it('is not written into the event of its request', async () => {
    await t.request('GET', `/v1/${world.instance.secretKey}?key=${world.instance.secretKey}`)
    expect(t.events.at(-1)).toMatchObject({ operation: 'none', status: 404 })
    expect(JSON.stringify(t.events.at(-1))).not.toContain(world.instance.secretKey)
  })
})

describe('a query', () => {
  // Lists take one, but for those of an instance's own keys, of which there are few.
  const WITH_QUERY = /^(?!signingKeys).*\.list$|^users\.count$/
  const WITHOUT_QUERY = SAMPLES.filter(({ operation }) => !WITH_QUERY.test(operation))
  it('does not matter to an operation that has no parameters', async () => {
    for (const { name } of WITHOUT_QUERY.filter(({ method }) => method === 'GET')) {
      const { path } = sampleNamed(name)
      const answer = await t.request('GET', `${path}?a=1&a=2&%ff`, { key: keyFor(sampleNamed(name)) })
      expectSuccess(answer)
    }
  })
})

describe('a path that is none', () => {
  // Stops a client that was given a wrong address from taking the answer for one about its token.
  it('is told apart from a thing that is not there', async () => {
    const at = async (path: string) =>
      (await t.request('GET', path, { key: world.instance.secretKey })).body.errors[0]
    for (const path of ['/', '/v1', '/v1/nope', '/oops/v1/machines', '/v1/machines/'])
      expect(await at(path)).toMatchObject({
        code: 'resource_not_found',
        meta: { reason: 'unknown_endpoint' },
      })
    for (const path of [`/v1/machines/${ABSENT_IDS.issuer}`, '/v1/machines/none', '/v1/users/none']) {
      const error = await at(path)
      expect(error.code).toBe('resource_not_found')
      expect(error.meta).toBeUndefined()
    }
  })
})
