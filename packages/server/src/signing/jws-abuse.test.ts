/** Tokens that an attacker, or a confused program, makes. Each is properly signed wherever it can be. */
import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hasGoodSignature, parseJwt } from './jws.ts'

const ours = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')

type Signer = (input: string) => Uint8Array

const rs256: Signer = (input) => sign('sha256', Buffer.from(input), ours.privateKey)
const hs256 =
  (secret: string | Buffer): Signer =>
  (input) =>
    createHmac('sha256', secret).update(input).digest()
const pss: Signer = (input) =>
  sign('sha256', Buffer.from(input), {
    key: ours.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  })
const rsa =
  (hash: string): Signer =>
  (input) =>
    sign(hash, Buffer.from(input), ours.privateKey)
const elliptic: Signer = (input) =>
  sign('sha256', Buffer.from(input), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
const eddsa: Signer = (input) => sign(null, Buffer.from(input), ed.privateKey)

const encode = (part: string | Uint8Array) => Buffer.from(part).toString('base64url')

function forge(header: string | Uint8Array, payload: string | Uint8Array, signer: Signer = rs256): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${Buffer.from(signer(input)).toString('base64url')}`
}

const HEADER = '{"alg":"RS256","typ":"JWT"}'
const PAYLOAD = '{"sub":"mch_a","exp":1768482000}'

const isAccepted = (text: string, key: KeyObject = ours.publicKey) => {
  const jwt = parseJwt(text)
  return jwt !== null && hasGoodSignature(jwt, key)
}

it('what these tokens are variations of is accepted', () => {
  expect(isAccepted(forge(HEADER, PAYLOAD))).toBe(true)
  expect(isAccepted(forge('{"alg":"RS256"}', '{}'))).toBe(true)
})

// A1: stops a token from saying that it needs no signature.
describe('an algorithm that is not RS256 is refused:', () => {
  const algorithms = ['none', 'None', 'NONE', 'nOnE', 'RS384', 'rs256', 'RS256 ', 'RS256\\u0000', '']
  it.each([
    ...algorithms.map((alg) => `"alg":"${alg}"`),
    '"alg":null',
    '"alg":256',
    '"alg":true',
    '"alg":["RS256"]',
    '"alg":{"RS256":1}',
    '"ALG":"RS256"',
    '"kid":"no alg at all"',
    '"__proto__":{"alg":"RS256"}',
  ])('%s', (alg) => {
    for (const header of [`{${alg},"typ":"JWT"}`, `{"typ":"JWT",${alg}}`]) {
      expect(isAccepted(forge(header, PAYLOAD))).toBe(false)
      const input = `${encode(header)}.${encode(PAYLOAD)}`
      expect(parseJwt(`${input}.`)).toBeNull()
      expect(parseJwt(input)).toBeNull()
    }
  })
})

// A2: stops the public key, which everybody has, from being used as a shared secret.
describe('a token signed by HMAC with the public key is refused:', () => {
  const pem = ours.publicKey.export({ format: 'pem', type: 'spki' }) as string
  it.each<readonly [string, string | Buffer]>([
    ['SPKI in PEM', pem],
    ['PEM with a space before it', ` ${pem}`],
    ['PEM with a line end before it', `\n${pem}`],
    ['PEM without its last line end', pem.trimEnd()],
    ['PKCS #1 in PEM', ours.publicKey.export({ format: 'pem', type: 'pkcs1' })],
    ['SPKI in DER', ours.publicKey.export({ format: 'der', type: 'spki' })],
    ['PKCS #1 in DER', ours.publicKey.export({ format: 'der', type: 'pkcs1' })],
    ['the JWK', JSON.stringify(ours.publicKey.export({ format: 'jwk' }))],
    ['the modulus', Buffer.from(ours.publicKey.export({ format: 'jwk' }).n!, 'base64url')],
    ['nothing', ''],
  ])('%s', (_name, secret) => {
    for (const alg of ['HS256', 'HS384', 'HS512', 'RS256']) {
      expect(isAccepted(forge(`{"alg":"${alg}","typ":"JWT"}`, PAYLOAD, hs256(secret)))).toBe(false)
    }
  })
})

// A3: stops a good signature of another algorithm, under its own name or ours.
describe('a signature of another algorithm is refused:', () => {
  it.each<readonly [string, Signer, KeyObject]>([
    ['PS256', pss, ours.publicKey],
    ['RS384', rsa('sha384'), ours.publicKey],
    ['RS512', rsa('sha512'), ours.publicKey],
    ['ES256', elliptic, ours.publicKey],
    ['EdDSA', eddsa, ours.publicKey],
  ])('%s', (alg, signer, key) => {
    expect(isAccepted(forge(`{"alg":"${alg}","typ":"JWT"}`, PAYLOAD, signer), key)).toBe(false)
    expect(isAccepted(forge(HEADER, PAYLOAD, signer), key)).toBe(false)
  })
})

// A5, A6: stops a token from choosing the key that it is checked with, or rules of its own.
describe('a header parameter that names a key or changes the rules is refused:', () => {
  const jwk = JSON.stringify(ours.publicKey.export({ format: 'jwk' }))
  it.each([
    `"jwk":${jwk}`,
    '"jwk":null',
    '"jku":"http://127.0.0.1:9/jwks.json"',
    '"x5u":"http://127.0.0.1:9/cert.pem"',
    '"x5c":["MIIB"]',
    '"x5c":[]',
    '"x5t":"AAAA"',
    '"x5t#S256":"AAAA"',
    '"crit":[]',
    '"crit":["exp"]',
    '"crit":["b64"],"b64":false',
    '"b64":false',
    '"b64":true',
    '"zip":"DEF"',
    '"enc":"A256GCM"',
    '"\\u006awk":null',
    '"typ":"at+jwt"',
    '"typ":"jwt"',
    '"typ":null',
    '"typ":["JWT"]',
  ])('%s', (parameter) => {
    const typ = parameter.startsWith('"typ"') ? '' : ',"typ":"JWT"'
    expect(parseJwt(forge(`{"alg":"RS256"${typ},${parameter}}`, PAYLOAD))).toBeNull()
  })
})

// A8: stops a token whose claims another program reads differently from us.
describe('a name that stands twice is refused:', () => {
  it.each<readonly [string, string]>([
    ['{"alg":"RS256","alg":"RS256"}', PAYLOAD],
    ['{"alg":"none","alg":"RS256"}', PAYLOAD],
    ['{"alg":"RS256","kid":"a","k\\u0069d":"b"}', PAYLOAD],
    [HEADER, '{"sub":"mch_a","sub":"mch_b"}'],
    [HEADER, '{"sub":"mch_a","\\u0073ub":"mch_b"}'],
    [HEADER, '{"exp":1,"exp":1768482000}'],
    [HEADER, '{"act":{"sub":"a","sub":"b"}}'],
  ])('%s . %s', (header, payload) => {
    expect(parseJwt(forge(header, payload))).toBeNull()
  })
})

// A9: stops what one reader takes for a character and another for none.
describe('text that is not well-formed Unicode is refused:', () => {
  it.each<readonly [string, Uint8Array]>([
    [
      'a byte that no UTF-8 has',
      Buffer.concat([Buffer.from('{"sub":"'), Buffer.of(0xff), Buffer.from('"}')]),
    ],
    ['an overlong slash', Buffer.concat([Buffer.from('{"sub":"'), Buffer.of(0xc0, 0xaf), Buffer.from('"}')])],
    [
      'an encoded surrogate',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]),
    ],
    ['an escaped surrogate', Buffer.from('{"sub":"\\ud800"}')],
    ['a byte order mark', Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(PAYLOAD)])],
    ['a NUL as it is', Buffer.from('{"sub":"\0"}')],
    ['a NUL after it', Buffer.from(`${PAYLOAD}\0`)],
  ])('%s', (_name, payload) => {
    expect(parseJwt(forge(HEADER, payload))).toBeNull()
  })

  it('a byte order mark before the header', () => {
    const header = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(HEADER)])
    expect(parseJwt(forge(header, PAYLOAD))).toBeNull()
  })

  it('but names are compared as they are, never normalised', () => {
    expect(parseJwt(forge(HEADER, '{"é":1,"e\u0301":2}'))!.payload).toEqual({ é: 1, 'e\u0301': 2 })
  })
})

// A11: stops a token that never expires because its date is nothing a clock can be compared with.
describe.each(['exp', 'nbf', 'iat'])('the date %s', (name) => {
  const dates = ['"1768482000"', '""', '1e400', '-1e400', '1.5', '-1', '-1e3', '9007199254740993', '1e21']
  it.each([...dates, '9007199254740992', '8640000000001', 'null', 'true', '[]', '[1768482000]', '{}', '0.1'])(
    'is refused as %s',
    (date) => {
      expect(parseJwt(forge(HEADER, `{"${name}":${date}}`))).toBeNull()
    },
  )

  it.each(['0', '-0', '1', '2147483648', '4294967296', '1.768482e9', '8640000000000'])(
    'is read as %s',
    (date) => {
      expect(parseJwt(forge(HEADER, `{"${name}":${date}}`))!.payload[name]).toBe(Number(date))
    },
  )
})

describe('a part that is not an object is refused:', () => {
  it.each(['[]', `[${PAYLOAD}]`, '"text"', '1', 'null', 'true', '', ' ', '{}{}', '{'])('%j', (text) => {
    expect(parseJwt(forge(HEADER, text))).toBeNull()
    expect(parseJwt(forge(text, PAYLOAD))).toBeNull()
  })

  // A10: recursion is what a deep claim would exhaust.
  it('and so are claims that are 200,000 deep or 10,000 many', () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`n${n}`, 0])))
    expect(parseJwt(forge(HEADER, `{"a":${'['.repeat(200_000)}`))).toBeNull()
    expect(parseJwt(forge(HEADER, `{"a":${'['.repeat(40)}${']'.repeat(40)}}`))).toBeNull()
    expect(parseJwt(forge(HEADER, many))).toBeNull()
  })
})
