/**
 * Claims that an attacker, or a confused program, makes: one table for each rule of RFC 8725 and of the
 * authority's own parser. Each token is properly signed wherever it can be, and differs in one thing.
 */
import { describe, expect, it } from 'vitest'
import {
  header,
  ISSUER,
  JWKS,
  m2mClaims,
  m2mToken,
  MACHINE,
  machineClaims,
  NOW,
  PEM,
  SESSION,
  sessionClaims,
  signed,
  M2M,
} from '../../../../tests/support/signed-jwt.ts'
import { createVerifier } from '../verify.ts'

const options = { issuer: ISSUER, now: () => NOW }
const byKid = createVerifier({ ...options, jwks: JWKS })
const byPem = createVerifier({ ...options, jwtKey: PEM })

/** The same from all keys, and the second time as the first. */
async function expectReason(token: string, reason: string): Promise<void> {
  for (const verifier of [byKid, byPem, byKid]) {
    expect(await verifier.verify(token)).toEqual({ active: false, reason })
  }
}

const HEADER = JSON.stringify(header)
const CLAIMS = JSON.stringify(m2mClaims)
/** The header with other parameters put in, or before it where they are to lose. */
const withHeader = (more: string, head: string = HEADER) => `${head.slice(0, -1)},${more}}`
const withClaims = (more: string) => `${CLAIMS.slice(0, -1)},${more}}`

// A8: stops a token whose claims another program reads differently from us.
describe('A8: a name that stands twice is malformed:', () => {
  it.each<readonly [string, string]>([
    [withHeader('"alg":"RS256"'), CLAIMS],
    [`{"alg":"none",${HEADER.slice(1)}`, CLAIMS],
    [withHeader('"k\\u0069d":"b"'), CLAIMS],
    [HEADER, withClaims('"sub":"mch_b"')],
    [HEADER, withClaims('"\\u0073ub":"mch_b"')],
    [HEADER, withClaims(`"exp":${m2mClaims.exp}`)],
    [HEADER, withClaims('"act":{"sub":"a","sub":"b"}')],
    [HEADER, withClaims('"a":[[{"b":{"":1,"":2}}]]')],
    [HEADER, withClaims('"a":1,"a":1')],
    [HEADER, withClaims('"__proto__":1,"__proto__":2')],
    [HEADER, withClaims('"a\\":":1,"a\\":":1')],
  ])('%s . %s', async (head, claims) => {
    await expectReason(signed(head, claims), 'malformed')
  })

  it.each(['"a":":::"', '":":1', '"\\":":{"\\\\":[":",{"a":1},{"a":2}]}', '"a":{"sub":1},"b":{"sub":2}'])(
    'but not %s',
    async (more) => {
      expect(await byKid.verify(signed(HEADER, withClaims(more)))).toMatchObject({ active: true })
    },
  )

  it('and a claim named __proto__ is but a claim', async () => {
    const verdict = await byKid.verify(signed(HEADER, withClaims('"__proto__":{"polluted":true}')))
    expect(verdict).toMatchObject({ active: true })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf((verdict as { claims: object }).claims)).toBe(Object.prototype)
  })
})

// A9: stops what one reader takes for a character and another for none.
describe('A9: text that is not well-formed Unicode is malformed:', () => {
  const withBytes = (...bytes: number[]) =>
    Buffer.concat([Buffer.from(`${CLAIMS.slice(0, -1)},"a":"`), Buffer.of(...bytes), Buffer.from('"}')])
  it.each<readonly [string, Uint8Array | string]>([
    ['a byte that no UTF-8 has', withBytes(0xff)],
    ['an overlong slash', withBytes(0xc0, 0xaf)],
    ['an encoded surrogate', withBytes(0xed, 0xa0, 0x80)],
    ['half of a surrogate pair', withClaims('"a":"\\ud800"')],
    ['the other half', withClaims('"a":"\\uDC00\\ud83d"')],
    ['half of a pair in a name', withClaims('"\\ud83d":1')],
    ['half of a pair after a backslash', withClaims('"a":"\\\\\\ud83d"')],
    ['a byte order mark', Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(CLAIMS)])],
    ['a NUL as it is', withBytes(0)],
    ['a NUL after it', `${CLAIMS}\0`],
  ])('%s', async (_name, claims) => {
    await expectReason(signed(HEADER, claims), 'malformed')
  })

  it('a byte order mark before the header', async () => {
    await expectReason(
      signed(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(HEADER)]), CLAIMS),
      'malformed',
    )
  })

  it.each(['"a":"\\ud83d\\ude00"', '"a":"\\\\ud800"', '"é":1,"e\u0301":2'])('but not %s', async (more) => {
    expect(await byKid.verify(signed(HEADER, withClaims(more)))).toMatchObject({ active: true })
  })

  it('and an issuer is compared letter for letter, never normalised', async () => {
    const accented = createVerifier({ ...options, issuer: 'https://\u00e9.example', jwks: JWKS })
    expect(await accented.verify(m2mToken({ iss: 'https://e\u0301.example' }))).toEqual({
      active: false,
      reason: 'wrong_issuer',
    })
    expect(await accented.verify(m2mToken({ iss: 'https://\u00e9.example' }))).toMatchObject({ active: true })
  })
})

// A10: recursion and memory are what deep and long claims would exhaust.
describe('A10: a token that is too large is malformed:', () => {
  const many = Array.from({ length: 2_501 }, (_, n) => `"n${n}":0`).join(',')
  it.each<readonly [string, string]>([
    ['more than 65,536 characters', withClaims(`"a":"${'x'.repeat(50_000)}"`)],
    ['a megabyte', withClaims(`"a":"${'x'.repeat(1_000_000)}"`)],
    ['more than 2,500 names', withClaims(many)],
    ['40 levels within the payload', withClaims(`"a":${'['.repeat(40)}${']'.repeat(40)}`)],
    ['20,000 levels', withClaims(`"a":${'['.repeat(20_000)}${']'.repeat(20_000)}`)],
    ['200,000 levels', withClaims(`"a":${'['.repeat(200_000)}`)],
  ])('%s', async (_name, claims) => {
    await expectReason(signed(HEADER, claims), 'malformed')
  })

  it.each([`"a":"${'x'.repeat(45_000)}"`, `"a":${'['.repeat(39)}${']'.repeat(39)}`])(
    'but not one that the authority would issue: %#',
    async (more) => {
      expect(await byKid.verify(signed(HEADER, withClaims(more)))).toMatchObject({ active: true })
    },
  )
})

// A11: stops a token that never expires because its date is nothing a clock can be compared with.
describe.each(['exp', 'nbf', 'iat'])('A11: the date %s', (name) => {
  const withDate = (date: string) => {
    const { [name as 'exp']: _, ...rest } = m2mClaims
    return signed(HEADER, `${JSON.stringify(rest).slice(0, -1)},"${name}":${date}}`)
  }
  it.each([
    '"1768482000"',
    '""',
    '1e400',
    '-1e400',
    '1.5',
    '-1',
    '-1e3',
    '9007199254740993',
    '9007199254740992',
    '1e21',
    '8640000000001',
    'null',
    'true',
    '[]',
    '[1768482000]',
    '{}',
    '0.1',
  ])('is malformed as %s', async (date) => {
    await expectReason(withDate(date), 'malformed')
  })

  it.each(['0', '-0', '2147483648', '4294967296', '1.768478400e9', '8640000000000'])(
    'is read as %s',
    async (date) => {
      const verdict = await byKid.verify(withDate(date))
      expect(verdict.active || verdict.reason).not.toBe('malformed')
    },
  )
})

it.each(['exp', 'iat', 'iss', 'sub', 'jti'])('A11: a token without %s is malformed', async (name) => {
  await expectReason(m2mToken({ [name]: undefined }), 'malformed')
  await expectReason(signed(header, { [name]: m2mClaims[name as 'exp'] }), 'malformed')
})

it.each<readonly [string, unknown]>([
  ['iss', 5],
  ['iss', [ISSUER]],
  ['sub', null],
  ['sub', ['mch_a']],
  ['sub', ''],
  ['jti', {}],
  ['jti', ''],
  ['aud', 5],
  ['aud', null],
  ['aud', ['mch_a', 5]],
  ['aud', { mch_a: true }],
  ['aud', ''],
  ['scopes', ['mch_a']],
  ['scopes', null],
])('a text that is none is malformed: %s as %j', async (name, value) => {
  await expectReason(m2mToken({ [name]: value }), 'malformed')
})

it('a number that no program can keep is malformed in any claim', async () => {
  await expectReason(signed(HEADER, withClaims('"a":[1e400]')), 'malformed')
})

describe('a part that is not one object is malformed:', () => {
  it.each(['[]', `[${CLAIMS}]`, '"text"', '1', 'null', 'true', '', ' ', '{}{}', '{', `${CLAIMS}}`])(
    '%j',
    async (text) => {
      await expectReason(signed(HEADER, text), 'malformed')
      await expectReason(signed(text, CLAIMS), 'malformed')
    },
  )
})

// A15: stops a token of one kind from being taken for another.
describe('A15: a token is of one kind, and of none if its category and its claims do not agree:', () => {
  const kinds = [
    ['m2m_token', m2mClaims, [M2M]],
    ['machine_token', machineClaims, [M2M, MACHINE]],
    ['session_token', sessionClaims, [SESSION, undefined]],
  ] as const
  const categories = [M2M, MACHINE, SESSION, undefined, 'cl_I7d4PD111III', `${M2M} `, '', null, [M2M], {}, 0]
  const table = kinds.flatMap(([kind, claims, good]) =>
    categories.map((cat) => ({ kind, claims, cat, isGood: (good as readonly unknown[]).includes(cat) })),
  )

  it.each(table)('claims of $kind with cat $cat', async ({ kind, claims, cat, isGood }) => {
    const token = signed({ ...header, cat }, claims)
    if (!isGood) return expectReason(token, 'wrong_kind')
    expect(await byKid.verify(token)).toMatchObject({ active: true, kind })
    for (const [other] of kinds) {
      const verdict = await byKid.verify(token, { kinds: [other] })
      expect(verdict).toMatchObject(
        other === kind ? { active: true, kind } : { active: false, reason: 'wrong_kind' },
      )
    }
    return expect(await byKid.verify(token, { kinds: [] })).toEqual({ active: false, reason: 'wrong_kind' })
  })

  it.each<readonly [string | undefined, object]>([
    [M2M, { ...m2mClaims, sub: 'user_a' }],
    [M2M, { ...m2mClaims, sub: 'mch_' }],
    [M2M, { ...m2mClaims, jti: 'mt-a' }],
    [M2M, { ...machineClaims, jti: '0123456789ABCDEF0123' }],
    [M2M, { ...machineClaims, jti: '0123456789abcdef01234' }],
    [MACHINE, { ...machineClaims, sub: 'user_a' }],
    [SESSION, { ...sessionClaims, sub: 'mch_a' }],
    [SESSION, { ...sessionClaims, sid: undefined }],
    [undefined, { ...sessionClaims, sid: 5 }],
    [undefined, { ...sessionClaims, sub: 'act_a' }],
  ])('%s of %j', async (cat, claims) => {
    await expectReason(signed({ ...header, cat }, claims), 'wrong_kind')
  })

  it.each<object>([
    { azp: 5 },
    { azp: '' },
    { act: 'user_b' },
    { act: [] },
    { act: {} },
    { act: { sub: 5 } },
  ])('a session with %j is malformed', async (claims) => {
    await expectReason(signed({ ...header, cat: SESSION }, { ...sessionClaims, ...claims }), 'malformed')
  })
})
