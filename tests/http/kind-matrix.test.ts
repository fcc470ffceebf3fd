/** Every token and key of every kind at everything that takes one: only the diagonal passes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishableKeyOf } from '../../packages/server/src/directory/instances/instance.ts'
import { verifyActorToken } from '../../packages/server/src/tokens/actor-tokens/verify.ts'
import { verifyMachineToken } from '../../packages/server/src/tokens/machine-tokens/verify.ts'
import { verifySignInToken } from '../../packages/server/src/tokens/sign-in-tokens/verify.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectUnchanged, readJwt } from './support.ts'
import { ABSENT_IDS, badKeyCode, createWorld, samplesOf, type World } from './world.ts'

const KINDS = [
  'm2mOpaque',
  'm2mJwt',
  'm2mJwtLikeTicket',
  'actorTicket',
  'signInTicket',
  'testingToken',
  'testingSecretAlone',
  'machineToken',
  'machineTokenLikeTicket',
  'machineTokenLegacy',
  'machineTokenLikeSession',
  'sessionJwt',
  'browserCookie',
  'refreshCookie',
  'instanceKey',
  'machineKey',
  'publishableKey',
] as const
type Kind = (typeof KINDS)[number]

let t: TestAuthority
let world: World
let presented: Record<Kind, string>

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
  const { instance, secretKey } = world.instance
  const ticket = readJwt(world.tokens.actorTicket).payload
  // Custom claims that a ticket has too; `exp` is the authority's own.
  const { exp: _exp, ...likeTicket } = ticket
  const ask = async (path: string, key: string, body: object) =>
    (await t.request('POST', path, { key, body })).body
  const m2m = { token_format: 'jwt', claims: likeTicket }
  const machine = { machine_id: world.issuer.id, claims: { ...likeTicket, cat: 'cl_B7d4PD222AAA' } }
  const { sid, act } = readJwt(world.tokens.sessionJwt).payload
  const likeSession = { machine_id: world.issuer.id, claims: { sid, act, v: 2, sts: 'active' } }
  const legacy = await startAuthority({ machineJwtCategory: 'legacy' })
  const ofLegacy = await legacy.request('POST', '/v1/machine_tokens', {
    key: legacy.first.secretKey,
    body: { machine_id: world.issuer.id },
  })
  await legacy.close()
  presented = {
    ...world.tokens,
    m2mJwtLikeTicket: (await ask('/v1/m2m_tokens', world.issuer.secretKey, m2m)).token,
    machineTokenLikeTicket: (await ask('/v1/machine_tokens', secretKey, machine)).jwt,
    machineTokenLegacy: ofLegacy.body.jwt,
    machineTokenLikeSession: (await ask('/v1/machine_tokens', secretKey, likeSession)).jwt,
    testingSecretAlone: world.tokens.testingToken.slice(world.tokens.testingToken.indexOf('-') + 1),
    instanceKey: secretKey,
    machineKey: world.issuer.secretKey,
    publishableKey: publishableKeyOf(instance, t.authority.deps.frontendOriginOf),
  }
})
afterAll(() => t.close())

const verifyAt =
  (path: string, key: () => string, field = 'token') =>
  async (token: string) => {
    const answer = await t.request('POST', path, { key: key(), body: { [field]: token } })
    if (answer.status === 200) return true
    // A JWT is longer than any text that the field takes.
    if (answer.status === 422) expectRefusal(answer, 422, 'form_param_max_length_exceeded', 'token')
    else expectRefusal(answer, 404, 'resource_not_found')
    return false
  }

const verifyM2m = (key: () => string, field = 'token') => verifyAt('/v1/m2m_tokens/verify', key, field)

async function isRenewed(change: object): Promise<boolean> {
  const { session, sessionToken, refreshToken } = world.ids
  const given = {
    expired_token: sessionToken,
    refresh_token: refreshToken,
    request_origin: 'https://a.example',
  }
  const { status } = await t.request('POST', `/v1/sessions/${session}/refresh`, {
    key: world.instance.secretKey,
    body: { ...given, ...change },
  })
  expect([200, 401, 422]).toContain(status)
  return status === 200
}

interface Verifier {
  readonly accepts: readonly Kind[]
  verify(token: string): Promise<boolean>
}

const M2M: readonly Kind[] = ['m2mOpaque', 'm2mJwt', 'm2mJwtLikeTicket']
const VERIFIERS: Readonly<Record<string, Verifier>> = {
  'M2M verification, asked by the instance': {
    accepts: M2M,
    verify: verifyM2m(() => world.instance.secretKey),
  },
  'M2M verification, asked by a machine in scope': {
    accepts: M2M,
    verify: verifyM2m(() => world.reader.secretKey),
  },
  'M2M verification, asked for a secret': {
    accepts: M2M,
    verify: verifyM2m(() => world.reader.secretKey, 'secret'),
  },
  'M2M verification, asked by a machine out of scope': {
    accepts: [],
    verify: verifyM2m(() => world.stranger.secretKey),
  },
  'testing token verification': {
    accepts: ['testingToken'],
    verify: verifyAt('/v1/testing_tokens/verify', () => world.instance.secretKey),
  },
  'actor token verification': {
    accepts: ['actorTicket'],
    verify: async (token) =>
      (await verifyActorToken(t.authority.deps, world.instance.instance.id, token)).active,
  },
  'sign-in token verification': {
    accepts: ['signInTicket'],
    verify: async (token) =>
      (await verifySignInToken(t.authority.deps, world.instance.instance.id, token)).active,
  },
  'session token verification': {
    accepts: ['sessionJwt'],
    verify: verifyAt('/v1/sessions/verify', () => world.instance.secretKey),
  },
  'session renewal, given it as the expired token': {
    accepts: ['sessionJwt'],
    verify: async (token) => isRenewed({ expired_token: token }),
  },
  'session renewal, given it as the refresh token': {
    accepts: ['refreshCookie'],
    verify: async (token) => isRenewed({ refresh_token: token }),
  },
  'the cookie of the Frontend API': {
    accepts: ['browserCookie'],
    verify: async (token) =>
      (await t.authority.frontend.recognize(world.instance.instance.id, token)) !== null,
  },
  'machine token verification': {
    accepts: ['machineToken', 'machineTokenLikeTicket', 'machineTokenLikeSession'],
    verify: async (token) =>
      (await verifyMachineToken(t.authority.deps, world.instance.instance.id, token)).active,
  },
}

describe.each(Object.entries(VERIFIERS))('%s', (_name, { accepts, verify }) => {
  // Stops a token that was given for one purpose from being used for another.
  it.each(KINDS.map((kind) => [kind, accepts.includes(kind) ? 'accepts' : 'refuses'] as const))(
    'given %s, %s it',
    async (kind, outcome) => {
      expect(presented[kind]).toBeTruthy()
      expect(await verify(presented[kind])).toBe(outcome === 'accepts')
    },
  )
})

describe.each(samplesOf(ABSENT_IDS).map(({ name }) => name))('%s', (name) => {
  const sample = samplesOf(ABSENT_IDS).find((each) => each.name === name)!
  const send = (key: string) =>
    t.request(sample.method, sample.path, { key, ...(sample.body && { body: sample.body }) })
  const opens = (kind: Kind) =>
    (kind === 'instanceKey' && sample.callers !== 'machine') ||
    (kind === 'machineKey' && sample.callers !== 'instance')

  it.each(KINDS.filter((kind) => !opens(kind)))('is closed to %s as bearer', async (kind) => {
    const answer = await expectUnchanged(t, () => send(presented[kind]))
    expectRefusal(answer, 401, badKeyCode(sample))
    expect(JSON.stringify(answer.body)).not.toContain(presented[kind])
  })

  it.each(KINDS.filter(opens))('is open to %s as bearer', async (kind) => {
    const { body } = await send(presented[kind])
    expect(body.errors?.[0].code).not.toBe(badKeyCode(sample))
  })
})
