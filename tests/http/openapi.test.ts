import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { faultsIn } from './json-schema.ts'
import {
  endpointsIn,
  readDocument,
  schemaOf,
  type Endpoint,
  type OpenApiDocument,
} from './openapi-document.ts'
import { expectRefusal, PATTERNS } from './support.ts'
import { ABSENT_IDS, createWorld, samplesOf, type Sample, type World } from './world.ts'

const SAMPLES = samplesOf(ABSENT_IDS)

let t: TestAuthority
let world: World
let document: OpenApiDocument

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
  document = await readDocument(t)
})
afterAll(() => t.close())

const bare = (path: string) => path.split('?')[0]!

/** The endpoint that a sample asks, by its path with the parameters filled in. */
function endpointOf({ method, path }: Pick<Sample, 'method' | 'path'>): Endpoint {
  const asked = bare(path)
  const candidates = endpointsIn(document).filter((endpoint) => {
    const shape = endpoint.path.replaceAll(/\{\w+\}/g, String.raw`[^/]+`)
    return endpoint.method === method && new RegExp(`^${shape}$`).test(asked)
  })
  return candidates.find((endpoint) => endpoint.path === asked) ?? candidates[0]!
}

const keyFor = ({ callers }: Sample) =>
  callers === 'machine' ? world.issuer.secretKey : world.instance.secretKey
const sampleNamed = (name: string) => samplesOf(world.ids).find((sample) => sample.name === name)!
const send = ({ method, path, body }: Sample, key: string | undefined) =>
  t.request(method, path, { key, body })

async function sendUnderTakenKey({ name, method, path, body }: Sample, key: string): Promise<Answer> {
  const more = { key, body, headers: { 'idempotency-key': name } }
  await t.request(method, path, more)
  return t.request(method, `${bare(path)}?another=1`, more)
}

/** How an operation refuses: no key, a wrong one, a bad query, a bad body, a bad version, a bad idempotency key, ids that are not there. */
async function refusalsOf(name: string): Promise<readonly Answer[]> {
  const sample = samplesOf(ABSENT_IDS).find((each) => each.name === name)!
  const { method, path, body } = sample
  const key = keyFor(sample)
  const badBodies = [
    { name: 1, claims: 1, token: 1 },
    { name: '', user_id: null, machine_id: '' },
  ]
  const answers = [
    await send(sample, undefined),
    await send(sample, world.tokens.m2mOpaque),
    await send(sample, key),
    await send({ ...sample, path: `${bare(path)}?limit=x` }, key),
    ...(body ? await Promise.all(badBodies.map((bad) => send({ ...sample, body: bad }, key))) : []),
    await t.request(method, path, { key, headers: { 'clerk-api-version': 'x' } }),
    await t.request(method, path, { key, body, headers: { 'idempotency-key': '' } }),
    await sendUnderTakenKey(sample, key),
  ]
  return answers.filter(({ status }) => status >= 400)
}

describe('the OpenAPI document', () => {
  it('is public, cacheable and JSON', async () => {
    const { status, headers, body } = await t.request('GET', '/openapi.json')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(headers.get('clerk-trace-id')).toMatch(PATTERNS.trace)
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Mintmark', version: expect.any(String) } })
  })

  it('is the same each time', async () => {
    expect(await readDocument(t)).toStrictEqual(document)
  })

  it('answers HEAD without a body, and no method that would change it', async () => {
    const head = await t.request('HEAD', '/openapi.json')
    expect([head.status, head.body]).toStrictEqual([200, null])
    expectRefusal(await t.request('POST', '/openapi.json'), 405, 'method_not_allowed')
  })

  it('describes each operation that is served, at each of its paths, and nothing else', () => {
    const served = t.authority.routes.flatMap(({ operation: { method, path, unversioned } }) =>
      (unversioned ? [path, path.slice(3)] : [path]).map((at) => `${method} ${at}`),
    )
    const described = endpointsIn(document).map(({ method, path }) => `${method} ${path}`)
    expect(described.toSorted()).toStrictEqual(served.toSorted())
    expect(
      SAMPLES.map(({ operation }) => operation)
        .filter((id, index, all) => all.indexOf(id) === index)
        .toSorted(),
    ).toStrictEqual(t.authority.routes.map(({ operation }) => operation.id).toSorted())
  })

  it('gives each endpoint an id of its own', () => {
    const ids = endpointsIn(document).map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('names a security scheme that it defines for each endpoint', () => {
    for (const { operation } of endpointsIn(document)) {
      expect(operation.security.length).toBeGreaterThan(0)
      for (const name of operation.security.flatMap((each) => Object.keys(each))) {
        expect(document.components.securitySchemes).toHaveProperty(name)
      }
    }
  })

  it('has a parameter for each name in a path, and only those', () => {
    for (const { path, operation } of endpointsIn(document)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const described = operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name)
      expect(described.toSorted()).toStrictEqual(named.toSorted())
    }
  })

  it('gives the parameters of a page their types, bounds and defaults, from which clients are made', () => {
    const pages = endpointsIn(document).flatMap(({ path, operation: { parameters } }) =>
      parameters
        .filter(({ name }) => ['limit', 'offset', 'revoked', 'expired'].includes(name))
        .map((parameter) => ({ most: path.endsWith('m2m_tokens') ? 100 : 500, ...parameter })),
    )
    expect(pages.length).toBeGreaterThan(0)
    for (const { name, most, schema } of pages) {
      const types = {
        limit: { type: 'integer', minimum: 1, maximum: most, default: 10 },
        offset: { type: 'integer', minimum: 0, default: 0 },
      }
      const boolean = { type: 'boolean', default: false }
      expect([name, schema]).toMatchObject([name, types[name as keyof typeof types] ?? boolean])
    }
  })

  it('has the header Idempotency-Key, and the mark of its answers, for each POST but a verification', () => {
    const taking = endpointsIn(document).filter(({ operation: { parameters, responses } }) => {
      const header = parameters.find((each) => each.in === 'header')
      const [, success] = Object.entries(responses).find(([status]) => status < '300')!
      const marked = 'Idempotent-Replayed' in (success.headers ?? {})
      expect([header?.name, header?.required]).toEqual(
        marked ? ['Idempotency-Key', false] : [undefined, undefined],
      )
      return marked
    })
    const posts = endpointsIn(document).filter(
      ({ method, path }) => method === 'POST' && !path.endsWith('/verify'),
    )
    expect(taking).toStrictEqual(posts)
  })

  it('names the code of each refusal beside its status', async () => {
    const unnamed = new Set<string>()
    for (const { name } of SAMPLES) {
      const { operationId, responses } = endpointOf(sampleNamed(name)).operation
      for (const { status, body } of await refusalsOf(name)) {
        const [{ code }] = body.errors
        if (!responses[status]?.description.includes(`\`${code}\``)) unnamed.add(`${operationId} ${code}`)
      }
    }
    expect([...unnamed]).toStrictEqual([])
  })

  // Stops a field that is not declared, and may be a secret, from leaving unnoticed.
  it('declares every field of every answer: no object of a success may have others', () => {
    const open = endpointsIn(document).flatMap(({ operation }) =>
      Object.entries(operation.responses)
        .filter(([status]) => status < '300')
        .filter(
          ([, content]) =>
            faultsIn(schemaOf(content), { undeclared: 1 }, document.components.schemas).length === 0,
        )
        .map(() => operation.operationId),
    )
    expect(open).toStrictEqual([])
  })
})

describe.each(SAMPLES.map(({ name }) => name))('%s', (name) => {
  it('answers a refusal as the document says', async () => {
    const { responses } = endpointOf(sampleNamed(name)).operation
    for (const { status, body } of await refusalsOf(name)) {
      expect(Object.keys(responses)).toContain(String(status))
      expect(faultsIn(schemaOf(responses[status]!), body, document.components.schemas)).toStrictEqual([])
    }
  })

  it('answers a good request as the document says', async () => {
    // With things of its own, because some take things away.
    world = await createWorld(t)
    const sample = sampleNamed(name)
    const { operation } = endpointOf(sample)
    const { status, body } = await send(sample, keyFor(sample))
    const documented = Object.keys(operation.responses).find((each) => each < '300')!
    const schema = schemaOf(operation.responses[documented]!)
    expect([String(status), faultsIn(schema, body, document.components.schemas)]).toStrictEqual([
      documented,
      [],
    ])
    if (sample.body !== undefined) {
      const asked = schemaOf(operation.requestBody!)
      expect(faultsIn(asked, sample.body, document.components.schemas)).toStrictEqual([])
    }
  })
})
