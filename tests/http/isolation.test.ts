/** Two instances in one authority: whatever is asked with a key of one, nothing of the other is seen or changed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifySessionToken } from '../../packages/server/src/directory/sessions/verify.ts'
import { verifyActorToken } from '../../packages/server/src/tokens/actor-tokens/verify.ts'
import { verifyMachineToken } from '../../packages/server/src/tokens/machine-tokens/verify.ts'
import { verifySignInToken } from '../../packages/server/src/tokens/sign-in-tokens/verify.ts'
import { verifyTestingToken } from '../../packages/server/src/tokens/testing-tokens/verify.ts'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectSuccess, expectUnchanged, readJwt, shapeOf } from './support.ts'
import { ABSENT_IDS, createWorld, samplesOf, type Ids, type Sample, type World } from './world.ts'

let t: TestAuthority
/** Whose things are asked for. */
let owner: World
/** Who asks. */
let intruder: World

beforeAll(async () => {
  t = await startAuthority({ testingTokensOnLive: true })
  owner = await createWorld(t)
  intruder = await createWorld(t, await t.addInstance('live'))
})
afterAll(() => t.close())

const send = ({ method, path, body }: Sample, key: string) =>
  t.request(method, path, { key, ...(body && { body }) })
const sampleNamed = (name: string, ids: Ids) => samplesOf(ids).find((each) => each.name === name)!
const names = (ids: Ids): readonly string[] => Object.values(ids)

/** The operations whose request names something. */
const NAMING = samplesOf(ABSENT_IDS)
  .filter((sample) => names(ABSENT_IDS).some((id) => JSON.stringify(sample).includes(id)))
  // A machine token names a machine that need not be known at all.
  .filter(({ operation }) => operation !== 'machineTokens.create')
  .map(({ name }) => name)

/** How a live instance, as the intruder is, is refused where it is not with 404. */
const OTHERWISE: Readonly<Record<string, readonly [status: number, code: string]>> = {
  'sessions.create': [400, 'request_invalid_for_environment'],
  'sessions.refresh': [401, 'authentication_invalid'],
}

describe.each(NAMING)('%s', (name) => {
  // Stops one tenant from reading, changing or even counting what another has (IDOR).
  it('answers for another instance’s ids exactly as for ids that do not exist, and changes nothing', async () => {
    for (const { secretKey } of [intruder.instance, intruder.issuer]) {
      const foreign = await expectUnchanged(t, () => send(sampleNamed(name, owner.ids), secretKey))
      const absent = await expectUnchanged(t, () => send(sampleNamed(name, ABSENT_IDS), secretKey))
      expect(foreign.status).toBeGreaterThanOrEqual(400)
      expect(shapeOf(foreign, names(owner.ids))).toBe(shapeOf(absent, names(ABSENT_IDS)))
    }
  })

  it('says to the instance that asks no more than that it is not there', async () => {
    const { callers, operation } = sampleNamed(name, owner.ids)
    const key = callers === 'machine' ? intruder.issuer.secretKey : intruder.instance.secretKey
    const [status, code] = OTHERWISE[operation] ?? [404, 'resource_not_found']
    expectRefusal(await send(sampleNamed(name, owner.ids), key), status, code)
  })
})

describe('a request that mixes what is one’s own with what is another’s', () => {
  const post = (path: string, body: unknown, key = intruder.instance.secretKey) =>
    t.request('POST', path, { key, body })

  it.each([
    [
      'a scope from one’s own machine to a foreign one',
      () => [`/v1/machines/${intruder.issuer.id}/scopes`, { to_machine_id: owner.reader.id }],
    ],
    [
      'a scope from a foreign machine to one’s own',
      () => [`/v1/machines/${owner.issuer.id}/scopes`, { to_machine_id: intruder.reader.id }],
    ],
    [
      'a machine with a foreign scope among its own',
      () => ['/v1/machines', { name: 'x', scoped_machines: [intruder.reader.id, owner.reader.id] }],
    ],
    [
      'an actor token for a foreign user',
      () => ['/v1/actor_tokens', { user_id: owner.ids.user, actor: { sub: intruder.ids.user } }],
    ],
    ['a sign-in token for a foreign user', () => ['/v1/sign_in_tokens', { user_id: owner.ids.user }]],
  ] as const)('is 404 for %s, and changes nothing', async (_what, make) => {
    const [path, body] = make()
    const answer = await expectUnchanged(t, () => post(path as string, body))
    expectRefusal(answer, 404, 'resource_not_found')
  })

  it('removes no scope between foreign machines', async () => {
    const path = `/v1/machines/${owner.issuer.id}/scopes/${owner.reader.id}`
    const answer = await expectUnchanged(t, () =>
      t.request('DELETE', path, { key: intruder.instance.secretKey }),
    )
    expectRefusal(answer, 404, 'resource_not_found')
  })

  it('lets both instances have the same identifiers', async () => {
    const body = { username: 'shared', external_id: 'shared', email_address: ['shared@x.example'] }
    for (const { instance } of [owner, intruder])
      expectSuccess(await post('/v1/users', body, instance.secretKey))
  })
})

describe('a list', () => {
  const ask = (path: string, key = intruder.instance.secretKey) => t.request('GET', path, { key })
  const idsIn = (body: Answer['body']): string[] =>
    (Array.isArray(body) ? body : (body.data ?? body.m2m_tokens ?? body.keys)).map(
      (each: Answer['body']) => each.id ?? each.kid,
    )

  it('holds nothing of another instance, whatever it is asked for', async () => {
    const { user, issuer } = owner.ids
    for (const path of [
      '/v1/machines?limit=500',
      `/v1/machines?query=${issuer}`,
      '/v1/machines?query=machine',
      '/v1/users?limit=500',
      `/v1/users?user_id=${user}`,
      `/v1/users?query=${user}`,
      '/v1/users?query=Ada',
      '/v1/jwks',
      '/v1/signing_keys',
      `/v1/m2m_tokens?subject=${intruder.issuer.id}&revoked=true&expired=true`,
      '/v1/actor_tokens?limit=500',
      `/v1/actor_tokens?user_id=${user}`,
      '/v1/testing_tokens?limit=500',
      '/v1/sessions?limit=500',
      `/v1/sessions?user_id=${user}`,
      `/v1/sessions?paginated=true&user_id=${user}`,
    ]) {
      const body = expectSuccess(await ask(path))
      const foreign = [...names(owner.ids), owner.instance.instance.id]
      expect(idsIn(body).filter((id) => foreign.includes(id))).toStrictEqual([])
      for (const id of foreign) expect(JSON.stringify(body)).not.toContain(id)
    }
  })

  it('counts nothing of another instance', async () => {
    expect(expectSuccess(await ask(`/v1/users/count?user_id=${owner.ids.user}`)).total_count).toBe(0)
    for (const path of [
      `/v1/machines?query=${owner.ids.issuer}`,
      `/v1/sessions?paginated=true&user_id=${owner.ids.user}`,
      `/v1/actor_tokens?user_id=${owner.ids.user}`,
    ])
      expect(expectSuccess(await ask(path)).total_count).toBe(0)
    const { data, total_count } = expectSuccess(await ask('/v1/machines?limit=500'))
    expect(total_count).toBe(data.length)
  })
})

describe('a token of another instance', () => {
  it('is refused by every verifier', async () => {
    const { deps } = t.authority
    const { id } = intruder.instance.instance
    const { tokens } = owner
    expect((await verifyTestingToken(deps, id, tokens.testingToken)).active).toBe(false)
    expect((await verifyActorToken(deps, id, tokens.actorTicket)).active).toBe(false)
    expect((await verifyMachineToken(deps, id, tokens.machineToken)).active).toBe(false)
    expect((await verifySignInToken(deps, id, tokens.signInTicket)).active).toBe(false)
    expect((await verifySessionToken(deps, id, tokens.sessionJwt)).active).toBe(false)
    expect(await t.authority.frontend.recognize(id, tokens.browserCookie)).toBeNull()
    for (const token of [tokens.m2mOpaque, tokens.m2mJwt]) {
      for (const { secretKey } of [intruder.instance, intruder.reader, intruder.issuer]) {
        const answer = await t.request('POST', '/v1/m2m_tokens/verify', { key: secretKey, body: { token } })
        expectRefusal(answer, 404, 'resource_not_found')
      }
    }
  })

  it('is no better known to who may have refusals explained', async () => {
    const explain = (token: string) =>
      t.request('POST', '/v1/m2m_tokens/verify', {
        key: intruder.instance.secretKey,
        body: { token },
        headers: { 'mintmark-explain': '1' },
      })
    const garbage = await explain(ABSENT_IDS.secret)
    expect(shapeOf(await explain(owner.tokens.m2mOpaque))).toBe(shapeOf(garbage))
  })

  it('is signed by a key that only its own instance publishes', async () => {
    const kidOf = (jwt: string) => readJwt(jwt).header.kid
    for (const [world, other] of [
      [owner, intruder],
      [intruder, owner],
    ] as const) {
      const { keys } = expectSuccess(await t.request('GET', '/v1/jwks', { key: world.instance.secretKey }))
      const kids = keys.map(({ kid }: { kid: string }) => kid)
      expect(kids).toContain(kidOf(world.tokens.m2mJwt))
      expect(kids).toContain(kidOf(world.tokens.machineToken))
      expect(kids).not.toContain(kidOf(other.tokens.m2mJwt))
    }
  })
})

describe('the public keys', () => {
  it('are those of the instance whose frontend is asked, and of no other', async () => {
    const ask = (host: string) => edgeOf(t).raw({ path: '/.well-known/jwks.json', headers: { host } })
    const hosts = { '127.0.0.1:4100': owner, 'clerk.instance-2.example': intruder }
    for (const [host, { instance }] of Object.entries(hosts)) {
      const { body } = await ask(host)
      expect(body.keys.map(({ kid }: { kid: string }) => kid)).toStrictEqual([instance.instance.id])
    }
    expectRefusal(await ask('evil.example'), 404, 'resource_not_found')
  })
})

describe('a secret key', () => {
  // Stops the key of a test instance, which lies about in CI, from opening a live one.
  it('is not good for the other environment by changing its prefix', async () => {
    for (const { secretKey } of [owner.instance, intruder.instance]) {
      const other = secretKey.startsWith('sk_test_')
        ? secretKey.replace('sk_test_', 'sk_live_')
        : secretKey.replace('sk_live_', 'sk_test_')
      expectRefusal(await t.request('GET', '/v1/jwks', { key: other }), 401, 'clerk_key_invalid')
    }
  })
})
