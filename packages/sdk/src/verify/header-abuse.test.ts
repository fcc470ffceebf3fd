/**
 * Headers and spellings that an attacker, or a confused program, makes: one table for each rule of RFC 8725 and of the
 * authority's own parser. Each token is properly signed wherever it can be, and differs in one thing.
 */
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  header,
  ISSUER,
  jwkOf,
  JWKS,
  KID,
  m2mClaims,
  m2mToken,
  NOW,
  PEM,
  privateKey,
  publicKey,
  rs256,
  signed,
  encode,
  M2M,
  type Signer,
} from '../../../../tests/support/signed-jwt.ts'
import { createVerifier } from '../verify.ts'

let connections = 0
const listener = createServer((_request, response) => void response.end())
listener.on('connection', () => connections++)
beforeAll(() => new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve)))
afterAll(() => void listener.close())

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

it('what these tokens are variations of is active', async () => {
  for (const verifier of [byKid, byPem]) {
    expect(await verifier.verify(m2mToken())).toMatchObject({ active: true })
    expect(await verifier.verify(signed(HEADER, withClaims('"a":1')))).toMatchObject({ active: true })
    const { typ: _, ...untyped } = header
    expect(await verifier.verify(signed(untyped, m2mClaims))).toMatchObject({ active: true })
  }
})

// A1: stops a token from saying that it needs no signature.
describe('A1: an algorithm that is not RS256 is malformed:', () => {
  it.each([
    ...['none', 'None', 'NONE', 'nOnE', 'RS384', 'rs256', 'RS256 ', 'RS256\\u0000', ''].map(
      (alg) => `"alg":"${alg}"`,
    ),
    ...['null', '256', 'true', '["RS256"]', '{"RS256":1}'].map((alg) => `"alg":${alg}`),
    '"ALG":"RS256"',
    '"__proto__":{"alg":"RS256"}',
    '"a":"no alg at all"',
  ])('%s', async (alg) => {
    const head = `{"typ":"JWT","cat":"${M2M}","kid":"${KID}",${alg}}`
    await expectReason(signed(head, CLAIMS), 'malformed')
    await expectReason(`${encode(head)}.${encode(CLAIMS)}.`, 'malformed')
  })

  it('no signature', async () => {
    await expectReason(`${encode(HEADER)}.${encode(CLAIMS)}.`, 'malformed')
    await expectReason(`${encode(HEADER)}.${encode(CLAIMS)}`, 'malformed')
  })
})

// A2: stops the public key, which everybody has, from being used as a shared secret.
describe('A2: a token signed by HMAC with the public key is refused:', () => {
  const hs256 =
    (secret: string | Uint8Array): Signer =>
    (input) =>
      createHmac('sha256', secret).update(input).digest()
  it.each<readonly [string, string | Uint8Array]>([
    ['PEM', PEM],
    ['PEM with a space before it', ` ${PEM}`],
    ['PEM without its last line end', PEM.trimEnd()],
    ['DER', publicKey.export({ format: 'der', type: 'spki' })],
    ['JWK', JSON.stringify(publicKey.export({ format: 'jwk' }))],
    ['modulus', Buffer.from(jwkOf(publicKey).n!, 'base64url')],
    ['nothing', ''],
  ])('%s', async (_name, secret) => {
    await expectReason(signed({ ...header, alg: 'HS256' }, CLAIMS, hs256(secret)), 'malformed')
    await expectReason(signed(HEADER, CLAIMS, hs256(secret)), 'bad_signature')
  })
})

// A3: stops a good signature of another algorithm, under its own name or ours.
describe('A3: a signature of another algorithm is refused:', () => {
  const rsa =
    (hash: string): Signer =>
    (input) =>
      sign(hash, Buffer.from(input), privateKey)
  const pss: Signer = (input) =>
    sign('sha256', Buffer.from(input), {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    })
  it.each<readonly [string, Signer]>([
    ['PS256', pss],
    ['RS384', rsa('sha384')],
    ['RS512', rsa('sha512')],
    ['RS1', rsa('sha1')],
  ])('%s', async (alg, signer) => {
    await expectReason(signed({ ...header, alg }, CLAIMS, signer), 'malformed')
    await expectReason(signed(HEADER, CLAIMS, signer), 'bad_signature')
  })
})

// A4: stops a kid from leading anywhere but to a key of this issuer.
describe('A4: a kid is only looked up,', () => {
  const unknown = [
    'k'.repeat(10_240),
    '../../etc/passwd',
    "' OR 1=1--",
    `${KID}\0`,
    '__proto__',
    'constructor',
    'toString',
    KID.replace('a', '\u0430'),
    KID.toUpperCase(),
    `${KID} `,
    '',
  ]
  it.each(unknown)('so this one is unknown: %#', async (kid) => {
    expect(await byKid.verify(m2mToken({}, { kid }))).toEqual({ active: false, reason: 'unknown_key' })
  })

  it('so no kid at all is unknown', async () => {
    expect(await byKid.verify(m2mToken({}, { kid: undefined }))).toEqual({
      active: false,
      reason: 'unknown_key',
    })
  })

  it.each([[[KID]], [{ kid: KID }], [5], [null], [true]])('so this one is malformed: %j', async (kid) => {
    await expectReason(m2mToken({}, { kid }), 'malformed')
  })

  it("so another issuer's kid does not find its key here, nor ours there", async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const elsewhere = createVerifier({
      ...options,
      issuer: 'https://b.example',
      jwks: { keys: [jwkOf(other.publicKey)] },
    })
    const theirs = signed(header, { ...m2mClaims, iss: 'https://b.example' }, rs256(other.privateKey))
    expect(await elsewhere.verify(theirs)).toMatchObject({ active: true })
    await expectReason(theirs, 'bad_signature')
    expect(await elsewhere.verify(m2mToken())).toEqual({ active: false, reason: 'bad_signature' })
  })
})

// A5, A6: stops a token from choosing the key that it is checked with, or rules of its own.
describe('A5, A6: a header parameter that names a key or changes the rules is malformed:', () => {
  const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const address = () => `http://127.0.0.1:${(listener.address() as AddressInfo).port}/keys`
  it.each([
    () => `"jwk":${JSON.stringify(jwkOf(attacker.publicKey))}`,
    () => '"jwk":null',
    () => `"jku":"${address()}"`,
    () => `"x5u":"${address()}"`,
    () => '"x5c":["MIIB"]',
    () => '"x5c":[]',
    () => '"x5t":"AAAA"',
    () => '"x5t#S256":"AAAA"',
    () => '"crit":[]',
    () => '"crit":["exp"]',
    () => '"crit":["b64"],"b64":false',
    () => '"b64":false',
    () => '"b64":true',
    () => '"zip":"DEF"',
    () => '"enc":"A256GCM"',
    () => '"\\u006awk":null',
  ])('%#', async (parameter) => {
    await expectReason(signed(withHeader(parameter()), CLAIMS), 'malformed')
    await expectReason(signed(withHeader(parameter()), CLAIMS, rs256(attacker.privateKey)), 'malformed')
    expect(connections).toBe(0)
  })

  it.each(['at+jwt', 'jwt', 'JOSE', '', null, ['JWT'], 1])('and so is typ %j', async (typ) => {
    await expectReason(m2mToken({}, { typ }), 'malformed')
  })
})

// A13 and F1: a second text of one token would get past whatever remembers tokens by their text.
describe('A13: one JWT has one text, so it is malformed', () => {
  const token = m2mToken()
  const replaceAt = (at: number, character: string) => token.slice(0, at) + character + token.slice(at + 1)
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  it('with other unused bits at the end of its signature', async () => {
    const group = ALPHABET.indexOf(token.at(-1)!) & ~15
    const others = Array.from(ALPHABET.slice(group, group + 16)).filter((digit) => digit !== token.at(-1))
    expect(others).toHaveLength(15)
    for (const other of others) await expectReason(token.slice(0, -1) + other, 'malformed')
  })

  it('with other unused bits at the end of its header or payload', async () => {
    let tried = 0
    for (const a of ['a', 'ab', 'abc']) {
      const [head, payload, signature] = m2mToken({ a }, { a }).split('.') as [string, string, string]
      for (const [part, build] of [
        [head, (other: string) => [other, payload, signature].join('.')],
        [payload, (other: string) => [head, other, signature].join('.')],
      ] as const) {
        if (part.length % 4 === 0) continue
        tried++
        await expectReason(
          build(part.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(part.at(-1)!) + 1)),
          'malformed',
        )
      }
    }
    expect(tried).toBe(4)
  })

  it.each([
    ['a space after it', `${token} `],
    ['a space before it', ` ${token}`],
    ['a line end after it', `${token}\n`],
    ['a tab inside', replaceAt(40, '\t')],
    ['a space beside a dot', token.replace('.', ' .')],
    ['an encoded space', `${token}%20`],
    ['one padding character', `${token}=`],
    ['two padding characters', `${token}==`],
    ['padding in the header', token.replace('.', '=.')],
    ['a plus', replaceAt(40, '+')],
    ['a slash', replaceAt(40, '/')],
    ['a dot after it', `${token}.`],
    ['a dot before it', `.${token}`],
    ['a fourth part', `${token}.AAAA`],
    ['five parts, as an encrypted one has', `${token}.AAAA.AAAA`],
    ['two dots together', token.replace('.', '..')],
    ['no payload', token.replace(/\..*\./, '..')],
    ['no header', token.slice(token.indexOf('.'))],
    ['three digits too many', `${token}AAA`],
    ['a NUL', `${token}\0`],
    ['a byte order mark', `\ufeff${token}`],
    ['a letter past ASCII', replaceAt(40, '\u0430')],
    ['a letter past the plane', replaceAt(40, '\u{1d400}')],
    ['a scheme in front', `Bearer ${token}`],
    ['itself again', token + token],
  ])('with %s', async (_name, text) => {
    await expectReason(text, 'malformed')
  })

  it.each(['', '.', '..', '...', 'a.b.c', 'null', 'ey', '.'.repeat(100_000), 'A'.repeat(1_000_000)])(
    'when it is no JWT at all (%#)',
    async (text) => {
      await expectReason(text, 'malformed')
    },
  )

  it.each([undefined, null, 5, {}, ['a.b.c']])('when it is no text: %j', async (value) => {
    await expectReason(value as string, 'malformed')
  })
})
