import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, NOON, shapeOf } from './support.ts'
import type { MachineKeys } from './world.ts'

let t: TestAuthority
let issuer: MachineKeys
let other: MachineKeys
/** Issued a second apart, oldest first: three plain ones, then one of each state and format. */
let issued: Record<
  'one' | 'two' | 'three' | 'revoked' | 'expired' | 'both' | 'jwt' | 'revokedJwt',
  Answer['body']
>

beforeAll(async () => {
  t = await startAuthority()
  other = await t.machine(t.first)
  issuer = await t.machine(t.first, [other.id])
  const issue = async (body: object = {}) => {
    t.clock.advance(1_000)
    const answer = await t.request('POST', '/v1/m2m_tokens', { key: issuer.secretKey, body })
    const { token: _secret, ...resource } = expectSuccess(answer, 201)
    return resource
  }
  const revoke = ({ id }: Answer['body']) =>
    t.request('POST', `/v1/m2m_tokens/${id}/revoke`, { key: issuer.secretKey, body: {} })
  const [one, two, three] = [await issue({ claims: { n: 1 } }), await issue(), await issue()]
  const [revoked, both, expired] = [
    await issue(),
    await issue({ seconds_until_expiration: 10 }),
    await issue({ seconds_until_expiration: 10 }),
  ]
  const [jwt, revokedJwt] = [await issue({ token_format: 'jwt' }), await issue({ token_format: 'jwt' })]
  for (const each of [revoked, both, revokedJwt]) await revoke(each)
  t.clock.advance(20_000)
  await t.request('POST', '/v1/m2m_tokens', { key: other.secretKey, body: {} })
  issued = { one, two, three, revoked, expired, both, jwt, revokedJwt }
})
afterAll(() => t.close())

const list = (query = '', key = issuer.secretKey, subject = issuer.id, base = '/v1') =>
  t.request('GET', `${base}/m2m_tokens?subject=${subject}${query}`, { key })
const namesIn = (body: Answer['body']) =>
  body.m2m_tokens.map(
    ({ id }: { id: string }) => Object.entries(issued).find(([, token]) => token.id === id)?.[0],
  )

describe('listing M2M tokens', () => {
  it.each(['/v1', ''])(
    'gives those that are good, newest first, with their count, below "%s"',
    async (base) => {
      const body = expectSuccess(await list('', issuer.secretKey, issuer.id, base))
      expect(Object.keys(body)).toStrictEqual(['m2m_tokens', 'total_count'])
      expect(namesIn(body)).toStrictEqual(['three', 'two', 'one'])
      expect(body.total_count).toBe(3)
    },
  )

  it('gives every field of the wire and no secret', async () => {
    const body = expectSuccess(await list())
    expect(body.m2m_tokens[2]).toStrictEqual(issued.one)
    expect(body.m2m_tokens[2]).toStrictEqual({
      object: 'machine_to_machine_token',
      id: issued.one.id,
      subject: issuer.id,
      claims: { n: 1 },
      scopes: [other.id],
      revoked: false,
      revocation_reason: null,
      expired: false,
      expiration: null,
      last_used_at: null,
      created_at: NOON + 1_000,
      updated_at: NOON + 1_000,
    })
  })

  it.each([
    ['&revoked=true', ['revoked', 'three', 'two', 'one']],
    ['&expired=true', ['expired', 'three', 'two', 'one']],
    ['&revoked=true&expired=true', ['expired', 'both', 'revoked', 'three', 'two', 'one']],
    ['&revoked=false&expired=false', ['three', 'two', 'one']],
    ['&token_format=opaque', ['three', 'two', 'one']],
    ['&token_format=jwt', ['jwt']],
    ['&token_format=jwt&revoked=true', ['revokedJwt', 'jwt']],
    ['&limit=2', ['three', 'two']],
    ['&limit=2&offset=1', ['two', 'one']],
    ['&limit=100&offset=0', ['three', 'two', 'one']],
    ['&offset=3', []],
    ['&offset=4294967295', []],
  ])('with %s gives %o', async (query, names) => {
    const body = expectSuccess(await list(query))
    expect(namesIn(body)).toStrictEqual(names)
  })

  it('counts what matches, whatever page is asked for', async () => {
    expect(expectSuccess(await list('&limit=1')).total_count).toBe(3)
    expect(expectSuccess(await list('&limit=1&offset=50')).total_count).toBe(3)
    expect(expectSuccess(await list('&revoked=true&expired=true&limit=1')).total_count).toBe(6)
    expect(expectSuccess(await list('&token_format=jwt')).total_count).toBe(1)
  })

  it('tells the states of what it gives', async () => {
    const { m2m_tokens } = expectSuccess(await list('&revoked=true&expired=true&limit=3'))
    const states = m2m_tokens.map(({ revoked, expired }: Answer['body']) => ({ revoked, expired }))
    expect(states).toStrictEqual([
      { revoked: false, expired: true },
      { revoked: true, expired: true },
      { revoked: true, expired: false },
    ])
  })

  it('gives ten where no limit is said', async () => {
    const machine = await t.machine(t.first)
    const ask = () => t.request('POST', '/v1/m2m_tokens', { key: machine.secretKey, body: {} })
    await Promise.all(Array.from({ length: 12 }, ask))
    const body = expectSuccess(await list('', machine.secretKey, machine.id))
    expect([body.m2m_tokens.length, body.total_count]).toStrictEqual([10, 12])
  })

  it('keeps one order for tokens of one millisecond, so that pages neither repeat nor leave out any', async () => {
    const machine = await t.machine(t.first)
    const ask = () => t.request('POST', '/v1/m2m_tokens', { key: machine.secretKey, body: {} })
    await Promise.all(Array.from({ length: 9 }, ask))
    const pages = await Promise.all(
      [0, 3, 6].map((offset) => list(`&limit=3&offset=${offset}`, machine.secretKey, machine.id)),
    )
    const ids = pages.flatMap(({ body }) => body.m2m_tokens.map(({ id }: { id: string }) => id))
    expect(ids).toStrictEqual([...new Set(ids)].sort().reverse())
    expect(ids).toHaveLength(9)
  })

  it('lets the instance list the tokens of each of its machines', async () => {
    const body = expectSuccess(await list('', t.first.secretKey))
    expect(namesIn(body)).toStrictEqual(['three', 'two', 'one'])
    expect(expectSuccess(await list('', t.first.secretKey, other.id)).total_count).toBe(1)
  })

  // Stops a machine from counting another's tokens, and from learning which machines there are.
  it('is 403 for a machine that asks for another, known or not', async () => {
    const known = await list('', other.secretKey, issuer.id)
    const unknown = await list('', other.secretKey, ABSENT.machine)
    expectRefusal(known, 403, 'authorization_invalid')
    expect(shapeOf(known)).toBe(shapeOf(unknown))
  })

  it('is 404 for an instance that asks for a machine it does not have', async () => {
    expectRefusal(await list('', t.first.secretKey, ABSENT.machine), 404, 'resource_not_found')
  })

  it.each([
    ['subject', ''],
    ['subject', 'subject='],
    ['subject', 'subject=mch_1'],
    ['subject', `subject=${ABSENT.m2mToken}`],
    ['subject', 'subject=%27%20or%201%3D1'],
    ['limit', 'limit=0'],
    ['limit', 'limit=101'],
    ['limit', 'limit=-1'],
    ['limit', 'limit='],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=1e1'],
    ['limit', 'limit=0x5'],
    ['limit', 'limit=NaN'],
    ['offset', 'offset=-1'],
    ['offset', 'offset=4294967296'],
    ['offset', 'offset=99999999999'],
    ['revoked', 'revoked=1'],
    ['revoked', 'revoked=TRUE'],
    ['revoked', 'revoked='],
    ['expired', 'expired=yes'],
    ['token_format', 'token_format=jws'],
    ['order_by', 'order_by=id'],
    ['paginated', 'paginated=true'],
    ['__proto__', '__proto__=x'],
  ])('is 400 for a bad %s: "%s"', async (param, query) => {
    const subject = query.startsWith('subject') || param === 'subject' ? '' : `&subject=${issuer.id}`
    const answer = await t.request('GET', `/v1/m2m_tokens?${query}${subject}`, { key: issuer.secretKey })
    expectRefusal(answer, 400, 'bad_request', param)
  })

  // Stops two programs on the way from reading one query differently.
  it.each(['limit=1&limit=2', 'subject=a&subject=b', 'limit=%ff', 'limit=%'])(
    'is 400 for a query with two readings: "%s"',
    async (query) => {
      const answer = await t.request('GET', `/v1/m2m_tokens?${query}`, { key: issuer.secretKey })
      expectRefusal(answer, 400, 'malformed_request_parameters')
    },
  )
})
