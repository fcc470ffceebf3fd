/** Cookies, tickets and JWTs, where they are looked for after everything that can be done with them. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCanaries, type Canaries } from '../../canary/secrets.ts'
import { inDatabase } from '../idempotency.ts'
import { startScene, type Scene } from './scene.ts'
import { BESIDE, ELSEWHERE, visitorOf, type Ask, type Reply, type Site } from './support.ts'

const ANSWER = 'the-answer-to-a-challenge-that-nobody-verifies'
const SECRET = 'the-secret-by-which-the-challenge-knows-the-server'

let scene: Scene
let site: Site
let canaries: Canaries
/** What came back to whoever was refused. */
const refusals: Reply[] = []

beforeAll(async () => {
  scene = await startScene({
    challenge: { verifyUrl: 'http://127.0.0.1:9/', secret: SECRET },
    policy: { testingTokensOnLive: true },
  })
  ;({ site } = scene)
  canaries = createCanaries(randomBytes(32).toString('hex'))
  await useThemAll()
  for (const secret of canaries.secrets.values()) await misuse(secret)
  inDatabase(site.t, (db) => db.exec('alter table sessions rename to away'))
  for (const secret of canaries.secrets.values()) await misuse(secret)
  inDatabase(site.t, (db) => db.exec('alter table away rename to sessions'))
})
afterAll(() => site.close())

async function send(request: Ask): Promise<Reply> {
  const reply = await site.ask(request)
  if (reply.status >= 400) refusals.push(reply)
  return reply
}

/** Each secret comes to be, and is used as it should be. */
async function useThemAll(): Promise<void> {
  const { backend } = scene
  const { token: testingToken } = await backend.call('POST', '/v1/testing_tokens')
  const query = `?__clerk_testing_token=${testingToken}`
  canaries.add('testing token', testingToken)
  for (const kind of ['actor', 'signIn'] as const) {
    const visitor = visitorOf(site)
    const { token: ticket } = await backend[`${kind}Token`](scene.userId)
    canaries.add(`${kind} ticket`, ticket)
    const { body } = await visitor.post(`/v1/client/sign_ins${query}`, { strategy: 'ticket', ticket })
    const { id, last_active_token } = body.client.sessions[0]
    canaries.add(`${kind} session’s JWT`, last_active_token.jwt)
    canaries.add(`${kind} browser cookie`, visitor.jar.get('__client')!)
    const told = await visitor.post(`/v1/client/sessions/${id}/tokens`)
    canaries.add(`${kind} session’s next JWT`, told.body.jwt)
    // What is used up is refused, and says of what kind it is.
    await send({
      method: 'POST',
      path: `/v1/client/sign_ins${query}`,
      headers: { ...FORM, origin: BESIDE },
      body: `strategy=ticket&ticket=${ticket}`,
    })
    const browser = { ...(await browserOf(id)) }
    canaries.add(`${kind} refresh cookie`, site.t.authority.frontend.secretsOf(browser).refresh)
  }
}

async function browserOf(sessionId: string) {
  const { read } = site.t.authority.deps
  const session = await read.sessions.find(site.t.first.instance.id, sessionId as never)
  return (await read.browsers.find(site.t.first.instance.id, session!.browserId))!
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** A secret in every place, most of them wrong ones. */
async function misuse(secret: string): Promise<void> {
  const post = (path: string, body: string, more: Readonly<Record<string, string>> = {}) =>
    send({ method: 'POST', path, headers: { ...FORM, origin: BESIDE, ...more }, body })
  for (const path of [
    `/${secret}`,
    `/v1/client?${secret}`,
    `/v1/client?${secret}=%ff`,
    `/v1/client?a=${secret}&a=${secret}`,
    `/v1/client/sessions/${secret}/tokens`,
    `/v1/tickets/accept?ticket=${secret}x`,
    `/v1/tickets/accept?ticket=${secret}&ticket=${secret}`,
    `/v1/client/handshake?redirect_url=${secret}`,
    `/v1/client/handshake?redirect_url=https://evil.example/${secret}`,
    `/npm/@clerk/clerk-js@6/dist/${secret}.js`,
  ]) {
    await send({ path, headers: { origin: BESIDE } })
  }
  for (const headers of [
    { cookie: `__client=${secret}` },
    { cookie: `__client=${secret}; __client=${secret}` },
    { origin: `https://${secret}.example` },
    { host: secret },
    { authorization: `Bearer ${secret}` },
    { [secret]: secret },
  ]) {
    await send({ path: '/v1/client', headers: { origin: BESIDE, ...headers } })
    await send({
      method: 'DELETE',
      path: '/v1/client/sessions',
      headers: { origin: ELSEWHERE, ...headers },
    })
  }
  await post('/v1/client/sign_ins', `strategy=ticket&ticket=${secret}&captcha_token=${ANSWER}`)
  await post(`/v1/client/sign_ins?__clerk_testing_token=${secret}`, `strategy=ticket&ticket=${secret}`)
  await post('/v1/client/sign_ins', `strategy=${secret}&${secret}=1`)
  await post('/v1/client/sign_ins', `ticket=${secret}&ticket=${secret}`)
  await post('/v1/client/sign_ins', `{"ticket":"${secret}"}`, { 'content-type': 'application/json' })
  await post('/v1/client/sign_ins', `ticket=${secret}%ff`, { 'content-type': secret })
}

const findAll = (what: unknown): string[] => {
  const text = typeof what === 'string' ? what : inspect(what, { depth: 20, maxStringLength: Infinity })
  const known = [ANSWER, SECRET].filter((each) => text.includes(each))
  return [...canaries.findIn(text), ...known]
}

describe('after all that can be done with them, right and wrong, no secret', () => {
  it('is in what is logged of requests', () => {
    expect(site.events.length).toBeGreaterThan(300)
    expect(site.events.flatMap(findAll)).toEqual([])
  })

  it('is in what the operator is told of faults', () => {
    expect(site.faults.length).toBeGreaterThan(10)
    expect(site.faults.flatMap(findAll)).toEqual([])
  })

  it('is in an answer to who was refused', () => {
    const codes = new Set(refusals.map(({ body }) => body?.errors?.[0]?.code))
    expect([...codes]).toEqual(
      expect.arrayContaining([
        'actor_token_already_used_code',
        'sign_in_token_already_used_code',
        'ticket_invalid_code',
        'testing_token_invalid',
        'malformed_request_parameters',
        'origin_invalid',
        'service_unavailable',
        'unsupported_content_type',
      ]),
    )
    const texts = refusals.map(({ text, headers }) => text + JSON.stringify([...headers]))
    expect(texts.flatMap(findAll)).toEqual([])
  })

  it('is in the audit log', async () => {
    const events = await site.audited(1_000)
    expect(events.length).toBeGreaterThan(10)
    expect(events.flatMap(findAll)).toEqual([])
  })

  it('is in the database, but for those that are kept sealed', () => {
    const tables = ['browsers', 'sessions', 'actor_tokens', 'sign_in_tokens', 'testing_tokens']
    const rows = tables.flatMap((table) =>
      inDatabase(site.t, (db) => db.prepare(`select * from ${table}`).all()),
    )
    expect(rows.length).toBeGreaterThanOrEqual(6)
    expect(rows.flatMap(findAll)).toEqual([])
  })
})
