import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import {
  ABSENT,
  expectRefusal,
  expectSuccess,
  expectUnchanged,
  PATTERNS,
  readJwt,
  shapeOf,
} from './support.ts'
import { createWorld, type World } from './world.ts'

let t: TestAuthority
let world: World
let foreign: World

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
  foreign = await createWorld(t, await t.addInstance())
})
afterAll(() => t.close())

const issue = async (body: object = {}, key = world.issuer.secretKey) =>
  expectSuccess(await t.request('POST', '/v1/m2m_tokens', { key, body }), 201)
const verify = (token: string, key = world.reader.secretKey, headers: Record<string, string> = {}) =>
  t.request('POST', '/v1/m2m_tokens/verify', { key, body: { token }, headers })
const revoke = (id: string) =>
  t.request('POST', `/v1/m2m_tokens/${id}/revoke`, { key: world.instance.secretKey, body: {} })

describe('verifying an M2M token', () => {
  it.each([
    ['/v1/m2m_tokens/verify', 'opaque'],
    ['/m2m_tokens/verify', 'opaque'],
    ['/v1/m2m_tokens/verify', 'jwt'],
    ['/m2m_tokens/verify', 'jwt'],
  ])('answers at %s with every field of the wire but the secret, for the format %s', async (path, format) => {
    const { token, ...issued } = await issue({ token_format: format, claims: { role: 'worker' } })
    const key = world.reader.secretKey
    const verified = expectSuccess(await t.request('POST', path, { key, body: { token } }))
    expect(verified).toStrictEqual({ ...issued, last_used_at: t.clock.now() })
  })

  it.each(['opaque', 'jwt'])('lets the instance verify an %s token that no machine may', async (format) => {
    const unscoped = await issue({ token_format: format }, world.reader.secretKey)
    expect(expectSuccess(await verify(unscoped.token, world.instance.secretKey)).id).toBe(unscoped.id)
  })

  it('takes secret in the place of token, as one published client sends it', async () => {
    const { token, id } = await issue()
    const [key, body] = [world.reader.secretKey, { secret: token }]
    expect(expectSuccess(await t.request('POST', '/m2m_tokens/verify', { key, body })).id).toBe(id)
  })

  it('keeps when the token was used last, and nothing else of its use', async () => {
    const { token, ...issued } = await issue()
    t.clock.advance(5_000)
    await expectUnchanged(t, () => verify(token))
    const used = t.clock.now()
    t.clock.advance(5_000)
    const path = `/v1/m2m_tokens?subject=${world.issuer.id}&limit=1`
    const listed = expectSuccess(await t.request('GET', path, { key: world.instance.secretKey }))
    expect(listed.m2m_tokens[0]).toStrictEqual({ ...issued, last_used_at: used })
  })

  it('does not count an attempt that was refused as a use', async () => {
    const { token, id } = await issue()
    expect((await verify(token, world.stranger.secretKey)).status).toBe(404)
    expect(expectSuccess(await revoke(id)).last_used_at).toBeNull()
  })

  it('accepts a token until the millisecond before it expires', async () => {
    const { token } = await issue({ seconds_until_expiration: 1.5 })
    t.clock.advance(1_499)
    expectSuccess(await verify(token))
    t.clock.advance(1)
    expectRefusal(await verify(token), 404, 'resource_not_found')
  })

  it('agrees with a client that verifies a JWT by the published keys', async () => {
    const { token, id } = await issue({ token_format: 'jwt' })
    const { body } = await t.request('GET', '/v1/jwks', { key: world.instance.secretKey })
    const { payload } = await jwtVerify(token, createLocalJWKSet(body), {
      currentDate: new Date(t.clock.now()),
      algorithms: ['RS256'],
      typ: 'JWT',
      audience: world.reader.id,
    })
    expect(payload.jti).toBe(id)
  })
})

describe('the scopes of a token', () => {
  it.each(['opaque', 'jwt'])('are frozen when an %s token is issued', async (token_format) => {
    const [first, second] = [await t.machine(world.instance), await t.machine(world.instance)]
    const issuer = await t.machine(world.instance, [first.id])
    const { token } = await issue({ token_format }, issuer.secretKey)
    const [scopes, key] = [`/v1/machines/${issuer.id}/scopes`, world.instance.secretKey]
    expectSuccess(await t.request('POST', scopes, { key, body: { to_machine_id: second.id } }))
    expectSuccess(await t.request('DELETE', `${scopes}/${first.id}`, { key }))

    expect(expectSuccess(await verify(token, first.secretKey)).scopes).toStrictEqual([first.id])
    expectRefusal(await verify(token, second.secretKey), 404, 'resource_not_found')
    const next = await issue({ token_format }, issuer.secretKey)
    expectRefusal(await verify(next.token, first.secretKey), 404, 'resource_not_found')
    expectSuccess(await verify(next.token, second.secretKey))
  })

  it('do not include the machine that issued it', async () => {
    const { token } = await issue()
    expectRefusal(await verify(token, world.issuer.secretKey), 404, 'resource_not_found')
  })
})

/** A token that is not active, with the reason that the instance may learn. */
async function inactiveTokens(): Promise<[what: string, token: string, reason: string][]> {
  const made = async (format: string) => {
    const [expiring, revoked] = [
      await issue({ token_format: format, seconds_until_expiration: 60 }),
      await issue({ token_format: format }),
    ]
    await revoke(revoked.id)
    const machine = await t.machine(world.instance, [world.reader.id])
    const orphan = await issue({ token_format: format }, machine.secretKey)
    await t.request('DELETE', `/v1/machines/${machine.id}`, { key: world.instance.secretKey })
    return { expiring, revoked, orphan }
  }
  const [opaque, jwt] = [await made('opaque'), await made('jwt')]
  const good = (await issue()).token
  const flipped = good.slice(0, 20) + (good[20] === 'A' ? 'B' : 'A') + good.slice(21)
  t.clock.advance(60_000)
  return [
    ['expired', opaque.expiring.token, 'expired'],
    ['expired, as a JWT', jwt.expiring.token, 'expired'],
    ['revoked', opaque.revoked.token, 'revoked'],
    ['revoked, as a JWT', jwt.revoked.token, 'revoked'],
    ['of a deleted machine', opaque.orphan.token, 'machine_deleted'],
    ['of a deleted machine, as a JWT', jwt.orphan.token, 'machine_deleted'],
    ['of another instance', foreign.tokens.m2mOpaque, 'malformed'],
    ['of another instance, as a JWT', foreign.tokens.m2mJwt, 'bad_signature'],
    ['forged by one letter', flipped, 'malformed'],
    ['an id and not a secret', opaque.revoked.id, 'malformed'],
    ['an id that does not exist', ABSENT.m2mToken, 'malformed'],
    ['garbage', 'x', 'malformed'],
    ['long garbage', 'a'.repeat(49_152), 'malformed'],
    ['garbage like a JWT', 'eyJhbGciOiJub25lIn0.e30.AA', 'malformed'],
    ['SQL', "' OR 1=1 --", 'malformed'],
    ['NUL', '\0', 'malformed'],
    ['a good token with a space after it', `${good} `, 'malformed'],
    ['a good token in another case', good.toUpperCase(), 'malformed'],
  ]
}

describe('a token that is not active', () => {
  let refused: [what: string, token: string, reason: string][]
  beforeAll(async () => {
    refused = await inactiveTokens()
  })

  // Stops callers from learning which tokens exist, existed or are somebody else's.
  it('is answered with one and the same 404, whatever it is and whoever asks', async () => {
    const answers: Answer[] = []
    for (const [, token] of refused) {
      answers.push(await verify(token, world.reader.secretKey))
      answers.push(await verify(token, world.instance.secretKey))
    }
    answers.push(await verify((await issue()).token, world.stranger.secretKey))
    for (const answer of answers) expectRefusal(answer, 404, 'resource_not_found')
    expect(new Set(answers.map((answer) => shapeOf(answer))).size).toBe(1)
  })

  it('is explained to the key of its instance, if that asks', async () => {
    const reasons = []
    for (const [what, token] of refused) {
      const answer = await verify(token, world.instance.secretKey, { 'mintmark-explain': '1' })
      reasons.push([what, answer.status, answer.body.errors[0].meta])
    }
    expect(reasons).toStrictEqual(refused.map(([what, , reason]) => [what, 404, { reason }]))
  })

  it.each(['0', 'true', '', '1, 1', 'yes'])('is not explained for the header value "%s"', async (value) => {
    const answer = await verify('x', world.instance.secretKey, { 'mintmark-explain': value })
    expect(answer.body.errors[0].meta).toBeUndefined()
  })

  // Stops a machine from telling a revoked token from one that is out of its scope.
  it('is never explained to a machine', async () => {
    const explained = await Promise.all(
      refused.map(([, token]) => verify(token, world.reader.secretKey, { 'mintmark-explain': '1' })),
    )
    expect(new Set(explained.map((answer) => shapeOf(answer))).size).toBe(1)
    expect(explained[0]!.body.errors[0].meta).toBeUndefined()
  })

  it('tells its reason to the operator’s log, for every caller', async () => {
    await verify((await issue()).token, world.stranger.secretKey)
    expect(t.events.at(-1)).toMatchObject({ operation: 'm2mTokens.verify', verdict: 'not_in_scope' })
  })
})

describe('a JWT whose record decides', () => {
  // Stops a stolen JWT from living on after its revocation, which clients that verify locally cannot see.
  it('is refused here from its revocation on, although its signature stays good', async () => {
    const { token, id } = await issue({ token_format: 'jwt' })
    expectSuccess(await verify(token))
    expect(expectSuccess(await revoke(id))).toMatchObject({ id, revoked: true })
    expectRefusal(await verify(token), 404, 'resource_not_found')
  })

  // Stops a JWT from passing as its own opaque twin, or the other way.
  it('shares its id with no opaque token', async () => {
    const { token } = await issue({ token_format: 'jwt' })
    const { jti } = readJwt(token).payload
    expect(jti).toMatch(PATTERNS.m2mToken)
    expectRefusal(await verify(jti), 404, 'resource_not_found')
  })
})

describe('a request to verify', () => {
  it.each([
    ['token', {}],
    ['token', { token: '' }],
    ['token', { token: null }],
    ['token', { token: 1 }],
    ['token', { token: ['mt_'] }],
    ['token', { token: 'a'.repeat(49_153) }],
    ['secret', { secret: '' }],
    ['secret', { token: 'a', secret: 'b' }],
    ['extra', { token: 'a', extra: 1 }],
    ['expand', { secret: 'a', expand: [] }],
  ])('is refused with 400 for a bad %s: %o', async (param, body) => {
    const answer = await t.request('POST', '/v1/m2m_tokens/verify', { key: world.reader.secretKey, body })
    expectRefusal(answer, 400, 'bad_request', param)
  })

  // Stops a token that was put into the wrong field from reaching a log by way of the answer.
  it('is refused without repeating what it held', async () => {
    const { token } = await issue()
    for (const body of [{ [token]: 1 }, { token: [token] }, `{"token":"${token}"`, `"${token}"`]) {
      const answer = await t.request('POST', '/m2m_tokens/verify', { key: world.reader.secretKey, body })
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).not.toContain(token)
    }
  })
})
