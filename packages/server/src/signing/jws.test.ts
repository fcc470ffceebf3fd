import { createLocalJWKSet, jwtVerify } from 'jose'
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { InstanceId, KeyId } from '../core/ids.ts'
import { createKeyRing } from '../core/secrets/master-key.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { millis } from '../core/time.ts'
import { toJwks } from './jwks.ts'
import { hasGoodSignature, looksLikeJwt, parseJwt, signerFor, signJwt } from './jws.ts'
import { generateSigningKey, privateKeyOf, publicKeyOf } from './signing-key.ts'

const ring = createKeyRing(new Map([[1, new Uint8Array(32).fill(1)]]), 1, systemRandom)
const signingKey = await generateSigningKey(ring, {
  id: 'ins_first' as KeyId,
  instanceId: 'ins_first' as InstanceId,
  use: 'token',
  createdAt: millis(0),
})
const privateKey = privateKeyOf(ring, signingKey)
const publicKey = publicKeyOf(signingKey)
const claims = {
  iss: 'https://clerk.example',
  sub: 'mch_a',
  iat: 1_768_478_400,
  exp: 1_768_482_000,
  jti: 'é😀',
}
const token = await signJwt({ kid: signingKey.id, cat: 'cl_x' }, claims, privateKey)

const replaceAt = (text: string, at: number, character: string) =>
  text.slice(0, at) + character + text.slice(at + 1)

describe('a signature', () => {
  it.each([1, 2])('is the same on a machine of %i cores', async (cores) => {
    const end = token.lastIndexOf('.')
    const signature = await signerFor(cores)(token.slice(0, end), privateKey)
    expect(signature.toString('base64url')).toBe(token.slice(end + 1))
  })

  it.each([1, 2])('that cannot be made is an error on a machine of %i cores', async (cores) => {
    await expect(signerFor(cores)('a.b', publicKey)).rejects.toThrow()
  })
})

describe('a JWT of ours', () => {
  it('is read back with a good signature', () => {
    const jwt = parseJwt(token)!
    expect(looksLikeJwt(token)).toBe(true)
    expect(jwt.header).toEqual({ alg: 'RS256', typ: 'JWT', kid: signingKey.id, cat: 'cl_x' })
    expect(jwt.payload).toEqual(claims)
    expect(hasGoodSignature(jwt, publicKey)).toBe(true)
  })

  it('is accepted by jose with the published keys', async () => {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(toJwks([signingKey])), {
      algorithms: ['RS256'],
      issuer: claims.iss,
      currentDate: new Date(claims.iat * 1000),
    })
    expect(payload).toEqual(claims)
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: signingKey.id, cat: 'cl_x' })
  })

  it('is written in the order of its names', () => {
    const [, payload] = token.split('.')
    expect(Buffer.from(payload!, 'base64url').toString()).toBe(JSON.stringify(claims))
  })

  it('does not verify with another key', () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect(hasGoodSignature(parseJwt(token)!, other)).toBe(false)
  })

  // Stops an edit of what was signed, and a signature from being moved to another token.
  it('does not verify with any character of its payload changed', () => {
    const start = token.indexOf('.') + 1
    for (let at = start; at < token.lastIndexOf('.'); at++) {
      const changed = parseJwt(replaceAt(token, at, token[at] === 'A' ? 'B' : 'A'))
      expect(changed === null || !hasGoodSignature(changed, publicKey)).toBe(true)
    }
  })

  it('does not verify with the signature of another token', async () => {
    const other = await signJwt({ kid: signingKey.id }, { ...claims, sub: 'mch_b' }, privateKey)
    const mixed = token.slice(0, token.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'))
    expect(hasGoodSignature(parseJwt(mixed)!, publicKey)).toBe(false)
  })

  it.each([1, 255, 257, 512])('does not verify with a signature of %i bytes', (length) => {
    const signature = Buffer.alloc(length, 1).toString('base64url')
    const jwt = parseJwt(`${token.slice(0, token.lastIndexOf('.'))}.${signature}`)
    expect(jwt !== null && hasGoodSignature(jwt, publicKey)).toBe(false)
  })
})

// A13 and F1: a second text of one token would get past whatever remembers tokens by their text.
describe('one JWT has one text, so it is not read', () => {
  const lastDigit = token.at(-1)!
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  it('with other unused bits at the end of its signature', () => {
    // 256 bytes leave four bits of the last digit unused.
    const group = ALPHABET.indexOf(lastDigit) & ~15
    const others = Array.from(ALPHABET.slice(group, group + 16)).filter((digit) => digit !== lastDigit)
    expect(others).toHaveLength(15)
    for (const other of others) expect(parseJwt(token.slice(0, -1) + other)).toBeNull()
  })

  it('with other unused bits at the end of its header or payload', async () => {
    // Of these three payloads two do not end on a whole group of three bytes.
    const signed = await Promise.all(['a', 'ab', 'abc'].map((sub) => signJwt({}, { sub }, privateKey)))
    const texts = signed.flatMap((jwt) => {
      const [header, payload, signature] = jwt.split('.') as [string, string, string]
      const next = ALPHABET[ALPHABET.indexOf(payload.at(-1)!) + 1]!
      const unused = Buffer.from(payload, 'base64url').equals(
        Buffer.from(payload.slice(0, -1) + next, 'base64url'),
      )
      return unused ? [[header, payload.slice(0, -1) + next, signature].join('.')] : []
    })
    expect(texts).toHaveLength(2)
    for (const text of texts) expect(parseJwt(text)).toBeNull()
  })

  it.each([
    ['a space after it', `${token} `],
    ['a space before it', ` ${token}`],
    ['a line end after it', `${token}\n`],
    ['a tab inside', replaceAt(token, 40, '\t')],
    ['a space beside a dot', token.replace('.', ' .')],
    ['an encoded space', `${token}%20`],
    ['one padding character', `${token}=`],
    ['two padding characters', `${token}==`],
    ['padding in the header', token.replace('.', '=.')],
    ['a plus', replaceAt(token, 40, '+')],
    ['a slash', replaceAt(token, 40, '/')],
    ['a dot after it', `${token}.`],
    ['a dot before it', `.${token}`],
    ['a fourth part', `${token}.AAAA`],
    ['five parts, as an encrypted one has', `${token}.AAAA.AAAA`],
    ['two dots together', token.replace('.', '..')],
    ['no signature', token.slice(0, token.lastIndexOf('.') + 1)],
    ['no third part', token.slice(0, token.lastIndexOf('.'))],
    ['no payload', token.replace(/\..*\./, '..')],
    ['no header', token.slice(token.indexOf('.'))],
    ['a NUL', `${token}\0`],
    ['a byte order mark', `\ufeff${token}`],
    ['a character past ASCII', replaceAt(token, 40, '\u0430')],
    ['a scheme in front', `Bearer ${token}`],
    ['itself again', token + token],
  ])('with %s', (_name, text) => {
    expect(parseJwt(text)).toBeNull()
  })

  it.each(['', '.', '..', '...', 'a.b.c', 'null', 'ey', '.'.repeat(100_000), 'A'.repeat(1_000_000)])(
    'when it is no JWT at all (%#)',
    (text) => {
      expect(parseJwt(text)).toBeNull()
    },
  )
})

// A10: what is longer than anything issued is not even taken apart.
it('a JWT longer than 49,152 characters is not read, however well it is signed', async () => {
  const sized = (length: number) => signJwt({}, { a: 'x'.repeat(length) }, privateKey)
  const fitting = await sized(36_000)
  expect(fitting.length).toBeLessThanOrEqual(49_152)
  expect(parseJwt(fitting)).not.toBeNull()
  expect(parseJwt(await sized(37_000))).toBeNull()
  expect(parseJwt(await sized(1_000_000))).toBeNull()
})
