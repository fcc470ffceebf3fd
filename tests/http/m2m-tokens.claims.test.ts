import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess, expectUnchanged, readJwt } from './support.ts'
import type { MachineKeys } from './world.ts'

let t: TestAuthority
let issuer: MachineKeys
let reader: MachineKeys

beforeAll(async () => {
  t = await startAuthority()
  reader = await t.machine(t.first)
  issuer = await t.machine(t.first, [reader.id])
})
afterAll(() => t.close())

const issue = (body: unknown) => t.request('POST', '/v1/m2m_tokens', { key: issuer.secretKey, body })
const verify = (token: string) =>
  t.request('POST', '/v1/m2m_tokens/verify', { key: reader.secretKey, body: { token } })

const RESERVED = ['iss', 'sub', 'exp', 'nbf', 'iat', 'jti']
/** By these, clients that do not look at `cat` would see what the user of a session may do. */
const OF_SESSIONS = ['azp', 'o', 'org_id', 'org_role', 'org_slug', 'org_permissions', 'fva', 'pla', 'fea']

describe('claims of an opaque token', () => {
  it.each([
    ['null', null],
    ['true', true],
    ['false', false],
    ['zero', 0],
    ['a negative fraction', -1.25],
    ['the largest exact integer', Number.MAX_SAFE_INTEGER],
    ['an empty string', ''],
    ['text of every plane', 'ä\u0000"\\ \u2028 𝔸 é e\u0301'],
    ['an empty list', []],
    ['a mixed list', [1, 'a', null, [true], { b: [] }]],
    ['an empty object', {}],
    ['names that are not re-cased', { camelCase: 1, snake_case: 2, 'Kebab-Case': 3, '': 4 }],
    ['nesting', { a: { b: { c: { d: [[[1]]] } } } }],
  ])('come back as they went in, at issue, verification and in lists: %s', async (_what, claims) => {
    const issued = expectSuccess(await issue({ claims }), 201)
    const verified = expectSuccess(await verify(issued.token))
    const path = `/v1/m2m_tokens?subject=${issuer.id}&limit=1`
    const listed = expectSuccess(await t.request('GET', path, { key: issuer.secretKey })).m2m_tokens[0]
    expect([issued.claims, verified.claims, listed.claims]).toStrictEqual([claims, claims, claims])
  })

  // Stops a claim from becoming the prototype of an object that the server trusts.
  it('may have names that JavaScript treats specially, without effect on anything else', async () => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
    const issued = expectSuccess(await issue(`{"claims":${text}}`), 201)
    expect(JSON.stringify(issued.claims)).toBe(text)
    expect(JSON.stringify(expectSuccess(await verify(issued.token)).claims)).toBe(text)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('may have the names that JWTs reserve, because nothing can be confused with them', async () => {
    const claims = Object.fromEntries([...RESERVED, 'aud', 'scopes'].map((name) => [name, 'mine']))
    const { token } = expectSuccess(await issue({ claims }), 201)
    const verified = expectSuccess(await verify(token))
    expect(verified.claims).toStrictEqual(claims)
    expect(verified).toMatchObject({ subject: issuer.id, scopes: [reader.id] })
  })

  it('may have sixteen kilobytes of JSON and not a byte more', async () => {
    const longest = 'x'.repeat(16_384 - 2)
    expect(expectSuccess(await issue({ claims: longest }), 201).claims).toBe(longest)
    expectRefusal(
      await expectUnchanged(t, () => issue({ claims: `${longest}x` })),
      400,
      'bad_request',
      'claims',
    )
    expectRefusal(await issue({ claims: 'ä'.repeat(8_192) }), 400, 'bad_request', 'claims')
  })

  // Stops two programs from reading one request differently.
  it.each([
    ['a name given twice', '{"a":1,"a":2}'],
    ['a name given twice in two spellings', String.raw`{"sub":1,"\u0073ub":2}`],
    ['half of a surrogate pair', String.raw`"\ud800"`],
    ['half of a surrogate pair as a name', String.raw`{"\udc00":1}`],
    ['a number that would be infinite', '1e400'],
    ['an integer that would be rounded', '9007199254740993'],
    ['forty levels', '['.repeat(40) + ']'.repeat(40)],
    [
      'two thousand and one names',
      JSON.stringify(Object.fromEntries([...Array(2001).keys()].map((n) => [n, 0]))),
    ],
  ])('are refused if they have %s', async (_what, claims) => {
    const answer = await expectUnchanged(t, () => issue(`{"claims":${claims}}`))
    expectRefusal(answer, 400, 'request_body_invalid')
  })
})

describe('claims of a JWT', () => {
  it('stand at its top level, under the names and with the values they were given', async () => {
    const claims = { role: 'worker', camelCase: { Inner_Key: [1, null] }, n: 1.5, ok: false, none: null }
    const { token, claims: echoed } = expectSuccess(await issue({ claims, token_format: 'jwt' }), 201)
    expect(readJwt(token).payload).toMatchObject(claims)
    expect(echoed).toStrictEqual(claims)
  })

  it.each([null, {}])('may be %o', async (claims) => {
    const body = expectSuccess(await issue({ claims, token_format: 'jwt' }), 201)
    expect(body.claims).toStrictEqual(claims)
  })

  // Stops a machine from writing itself another subject, issuer or end, or the rights and cookies of a user.
  it.each([...RESERVED, ...OF_SESSIONS, 'handshake'])('are refused if they name %s', async (name) => {
    const body = { token_format: 'jwt', claims: { [name]: 'mine' } }
    expectRefusal(await expectUnchanged(t, () => issue(body)), 400, 'bad_request', `claims.${name}`)
  })

  // Stops what Go's JSON decoder takes for the authority's own claim, the later one winning.
  it.each([
    ['Sub', 'sub'],
    ['EXP', 'exp'],
    ['iſs', 'iss'],
    ['\u{ff53}ub', 'sub'],
    ['Aud', 'aud'],
    ['SCOPES', 'scopes'],
    ['Org_Role', 'org_role'],
  ])('are refused if they name %s, for it can be read as %s', async (name, reserved) => {
    const body = { token_format: 'jwt', claims: { aud: 'dropped', [name]: 'mine' } }
    expectRefusal(await expectUnchanged(t, () => issue(body)), 400, 'bad_request', `claims.${reserved}`)
  })

  // Stops a machine from letting one verify that it has no scope to.
  it('cannot set aud or scopes: those of the authority stand', async () => {
    const claims = { aud: ['mch_mine'], scopes: 'mch_mine', role: 'worker' }
    const { token } = expectSuccess(await issue({ claims, token_format: 'jwt' }), 201)
    expect(readJwt(token).payload).toMatchObject({ aud: [reader.id], scopes: reader.id, role: 'worker' })
    const unscoped = await t.request('POST', '/m2m_tokens', {
      key: reader.secretKey,
      body: { claims, token_format: 'jwt' },
    })
    expect(Object.keys(readJwt(expectSuccess(unscoped, 201).token).payload)).not.toContain('aud')
    expect(Object.keys(readJwt(unscoped.body.token).payload)).not.toContain('scopes')
  })
})
