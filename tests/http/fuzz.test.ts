/**
 * Every operation, fuzzed from its own description and with junk. Whatever is sent, the authority answers:
 * never with a fault of its own, always as its description says, and never with a secret in a refusal.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { requestTo, type FuzzRequest } from './fuzz-requests.ts'
import { faultsIn } from './json-schema.ts'
import {
  endpointsIn,
  readDocument,
  schemaOf,
  type Endpoint,
  type OpenApiDocument,
} from './openapi-document.ts'
import { fillIn, type KnownKind } from './schema-arbitrary.ts'
import { edgeOf, expectEnvelope, type Edge } from './support.ts'
import { createWorld, type World } from './world.ts'

const REQUESTS = 20_000
/** Sent at once, so that they also meet each other. */
const TOGETHER = 40
/** What seldom meets something that it succeeds with, and so is asked for more often. */
const SELDOM_GOOD = /verify|deleteScope|sessions\.createToken|actorTokens\.revoke/
const WEIGHT_OF_SELDOM_GOOD = 4
/** Things of a kind that are remembered: few, so that requests often speak of the same. */
const KEPT = 8

let t: TestAuthority
let edge: Edge
let world: World
let document: OpenApiDocument
let known: Record<KnownKind, string[]>
/** What each operation answered with, to see that the fuzzer gets past the first check. */
const statuses = new Set<string>()
let sent = 0

beforeAll(async () => {
  t = await startAuthority()
  edge = edgeOf(t)
  world = await createWorld(t)
  document = await readDocument(t)
  const { reader, stranger, ids, tokens } = world
  known = {
    // Without the machine whose key is used: a request may delete what it finds here.
    machine: [reader.id, stranger.id],
    user: [await newUser()],
    m2mToken: [ids.m2mToken],
    actorToken: [ids.actorToken],
    signInToken: [ids.signInToken],
    testingToken: [ids.testingToken],
    session: [await newSession()],
    signingKey: [ids.signingKey],
    secret: Object.values(tokens),
    scope: [`${world.issuer.id}/scopes/${reader.id}`],
    // These three are of one session, whose user nobody is told of.
    renewable: [`${ids.session}/refresh`],
    expiredToken: [ids.sessionToken],
    refreshToken: [ids.refreshToken],
  }
})
afterAll(() => t.close())

const create = async (path: string, body: object): Promise<string> =>
  (await t.request('POST', path, { key: world.instance.secretKey, body })).body.id
const newUser = () => create('/v1/users', {})
const newSession = async () => create('/v1/sessions', { user_id: await newUser() })

/** A second, and tokens of it: those of before may all have been revoked by now. */
async function moveOn(): Promise<void> {
  t.clock.advance(1_000)
  const issued = await t.request('POST', '/v1/m2m_tokens', { key: world.issuer.secretKey, body: {} })
  keepSecret('fresh', issued.body.token)
  const path = `/v1/sessions/${world.ids.session}/tokens`
  const { body } = await t.request('POST', path, { key: world.instance.secretKey, body: {} })
  known.expiredToken = [body.jwt]
  learn(body)
}

const KIND_OF: Readonly<Record<string, KnownKind>> = {
  machine: 'machine',
  user: 'user',
  machine_to_machine_token: 'm2mToken',
  actor_token: 'actorToken',
  sign_in_token: 'signInToken',
  testing_token: 'testingToken',
  session: 'session',
  signing_key: 'signingKey',
}

/** How many secrets of each kind of answer are kept, for what verifies them. */
const SECRETS_KEPT: Readonly<Record<string, number>> = {
  fresh: KEPT,
  machine_to_machine_token: 4,
  testing_token: 2,
  sign_in_token: 2,
  token: 2,
}
const secrets = new Map<string, readonly string[]>()

function keepSecret(sort: string, secret: unknown): void {
  const count = SECRETS_KEPT[sort]
  if (count === undefined || typeof secret !== 'string') return
  secrets.set(sort, [...(secrets.get(sort) ?? []), secret].slice(-count))
  known.secret = [...Object.values(world.tokens), ...secrets.values()].flat()
}

/** Keeps what an answer shows, so that later requests find it. */
function learn(body: Answer['body']): void {
  // Nothing may end the session that is renewed.
  if (body?.id === world.ids.session) return
  const kind = KIND_OF[body?.object]
  if (kind !== undefined && body.deleted === true) forget(kind, body.id)
  else if (kind !== undefined && typeof body.id === 'string') keep(kind, body.id)
  keepSecret(String(body?.object), body?.jwt ?? body?.token)
  if (body?.object === 'machine_scope' && body.deleted !== true) {
    keep('scope', `${body.from_machine_id}/scopes/${body.to_machine_id}`)
  }
}

function forget(kind: KnownKind, id: string): void {
  if (known[kind].length > 2) known[kind] = known[kind].filter((each) => each !== id)
}

function keep(kind: KnownKind, text: string): void {
  known[kind] = [...known[kind].filter((each) => each !== text), text].slice(-KEPT)
}

const bearerOf = ({ bearer }: FuzzRequest): string | null => {
  if (bearer === 'none') return null
  if (bearer === 'instance') return world.instance.secretKey
  return bearer === 'machine' ? world.issuer.secretKey : bearer.junk
}

async function send(request: FuzzRequest): Promise<Answer> {
  const { method, path, query, headers, body } = request
  const pick = (kind: KnownKind, index: number) => known[kind][index % known[kind].length]!
  const key = bearerOf(request)
  const answer = await edge.raw({
    method,
    path: fillIn(path, pick),
    query: fillIn(query, pick),
    headers: { ...headers, ...(key !== null && { authorization: `Bearer ${key}` }) },
    body: typeof body === 'string' ? new TextEncoder().encode(fillIn(body, pick)) : body,
  })
  sent++
  return answer
}

/** @throws if an answer is not one that the authority may give */
function check(endpoint: Endpoint, request: FuzzRequest, answer: Answer): void {
  const { status, body } = answer
  expect(status).toBeLessThan(500)
  expect(answer.headers.get('content-type')).toBe('application/json')
  if (request.method === 'HEAD') return expect(body).toBeNull()
  if (status >= 400) {
    expectEnvelope(answer)
    const text = JSON.stringify(body)
    const secrets = [world.instance.secretKey, world.issuer.secretKey, ...known.secret]
    expect(secrets.filter((secret) => text.includes(secret))).toStrictEqual([])
  }
  const documented = endpoint.operation.responses[status]
  if (request.method !== endpoint.method) return
  if (documented === undefined) return expect([404, 405]).toContain(status)
  expect(faultsIn(schemaOf(documented), body, document.components.schemas)).toStrictEqual([])
}

function checkWithContext(endpoint: Endpoint, request: FuzzRequest, answer: Answer): void {
  try {
    check(endpoint, request, answer)
  } catch (error) {
    const { status, body } = answer
    const told = { operation: endpoint.operation.operationId, request, answer: { status, body } }
    throw new Error(`${JSON.stringify(told).slice(0, 4_000)}\n${String(error)}`, { cause: error })
  }
}

describe('the authority under fuzz', () => {
  it(`answers ${REQUESTS} requests without a fault of its own`, { timeout: 300_000 }, async () => {
    const endpoints = endpointsIn(document)
    const { schemas } = document.components
    const request = fc.oneof(
      ...endpoints.map((endpoint, at) => ({
        weight: SELDOM_GOOD.test(endpoint.operation.operationId) ? WEIGHT_OF_SELDOM_GOOD : 1,
        arbitrary: requestTo(endpoint, schemas).map((asked) => ({ at, asked })),
      })),
    )
    const property = fc.asyncProperty(
      fc.array(request, { minLength: TOGETHER, maxLength: TOGETHER }),
      async (together) => {
        await moveOn()
        const answers = await Promise.all(together.map(({ asked }) => send(asked)))
        answers.forEach((answer, index) => {
          const { at, asked } = together[index]!
          learn(answer.body)
          statuses.add(`${endpoints[at]!.operation.operationId} ${answer.status}`)
          checkWithContext(endpoints[at]!, asked, answer)
        })
      },
    )
    const seed = Number(process.env.MINTMARK_FUZZ_SEED ?? Date.now() % 2 ** 31)
    await fc.assert(property, {
      numRuns: REQUESTS / TOGETHER,
      seed,
      endOnFailure: true,
      includeErrorInReport: true,
    })
    expect(sent).toBe(REQUESTS)
  })

  it('got past every check: each operation succeeded and refused', () => {
    const missing = endpointsIn(document).flatMap(({ operation: { operationId, responses } }) => {
      const success = Object.keys(responses).find((status) => status < '300')!
      const refused = [...statuses].some((name) => /^\S+ 4/.test(name) && name.startsWith(`${operationId} `))
      return [
        ...(statuses.has(`${operationId} ${success}`) ? [] : [`${operationId} never succeeded`]),
        ...(refused ? [] : [`${operationId} never refused`]),
      ]
    })
    expect(missing.join(', ')).toBe('')
  })

  it('stays whole: the database is sound and the authority still serves', async () => {
    await t.authority.storage.check()
    const { status } = await t.request('GET', '/v1/machines?limit=500', { key: world.instance.secretKey })
    expect(status).toBe(200)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
