import { isDeepStrictEqual } from 'node:util'
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, JsonError, parseJson, type Json } from '../../packages/server/src/core/json.ts'
import { hasGoodSignature, parseJwt, signJwt } from '../../packages/server/src/signing/jws.ts'
import { jsonObject, jsonValue, textOf } from './json-values.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

/** What the strict reader makes of a text; `undefined` if it refuses it. */
function read(text: string): Json | undefined {
  try {
    return parseJson(utf8(text))
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

describe('strict JSON', () => {
  it('is read as any other reader reads it, where there is one reading', () => {
    fc.assert(
      fc.property(jsonValue, fc.nat(5), (value, turn) => {
        expect(isDeepStrictEqual(read(textOf(value, turn)), JSON.parse(JSON.stringify(value)))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  // Stops a fault from being thrown at whoever only sent bytes.
  it('refuses what it does not read with an error of its own, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc.string({ unit: 'binary', maxLength: 50 }).map(utf8),
      fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0123aetrufalsn .-+eE\n'), maxLength: 30 }).map(utf8),
    )
    fc.assert(
      fc.property(bytes, (value) => {
        try {
          parseJson(value)
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('accepts nothing that JSON.parse does not', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string({ unit: fc.constantFrom(...'{}[]":,\\u01ae-'), maxLength: 20 }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        if (read(text) !== undefined) expect(() => JSON.parse(text)).not.toThrow()
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses a name that an object has already, however it is escaped and wherever it stands', () => {
    const escaped = (name: string) =>
      `"${[...Array(name.length).keys()].map((at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
    fc.assert(
      fc.property(jsonObject, fc.nat(), fc.nat(5), fc.boolean(), (object, pick, depth, escape) => {
        const names = Object.keys(object)
        fc.pre(names.length > 0)
        const name = names[pick % names.length]!
        const again = escape ? escaped(name) : JSON.stringify(name)
        const twice = `${textOf(object, pick).trimEnd().slice(0, -1)},${again}:0}`
        expect(read('[{"a":'.repeat(depth) + twice + '}]'.repeat(depth))).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  // What is read is written into tokens and databases, and has to be read from there.
  it('reads again whatever it has read and written out', () => {
    const digits = fc.string({
      unit: fc.constantFrom(...'0123456789'),
      minLength: 1,
      maxLength: 25,
      size: 'max',
    })
    const numbers = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.integer({ min: 1, max: 9 }),
        digits,
        fc.constantFrom('', '.0', '.5', 'e3', 'e-3', 'e20'),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(numbers, fc.json({ maxDepth: 4 })), (text) => {
        const value = read(text)
        if (value !== undefined) expect(read(JSON.stringify(value))).toEqual(value)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('canonical JSON', () => {
  it('does not depend on the order of names', () => {
    fc.assert(
      fc.property(jsonValue, fc.nat(5), fc.nat(5), (value, a, b) => {
        expect(canonicalJson(read(textOf(value, a))!)).toBe(canonicalJson(read(textOf(value, b))!))
      }),
      { numRuns: 500 },
    )
  })

  it('is the same for two values exactly if they are equal', () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (a, b) => {
        const equal = isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))
        expect(canonicalJson(a) === canonicalJson(b)).toBe(equal)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is JSON of an equal value', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(isDeepStrictEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))).toBe(
          true,
        )
      }),
    )
  })
})

describe('a JWT', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

  it('holds any claims that were read', async () => {
    await fc.assert(
      fc.asyncProperty(jsonObject, async (claims) => {
        for (const name of ['exp', 'nbf', 'iat']) delete claims[name]
        const jwt = parseJwt(await signJwt({ kid: 'a' }, claims, privateKey))
        expect(jwt !== null && hasGoodSignature(jwt, publicKey)).toBe(true)
        expect(isDeepStrictEqual(jwt!.payload, JSON.parse(JSON.stringify(claims)))).toBe(true)
      }),
    )
  })

  it('is read from no text that was not signed', () => {
    const part = fc.oneof(
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.tuple(part, part, part).map((parts) => parts.join('.')),
        ),
        (text) => {
          const jwt = parseJwt(text)
          expect(jwt !== null && hasGoodSignature(jwt, publicKey)).toBe(false)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
