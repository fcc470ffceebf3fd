/** One value, one text: what is written is read back, and nothing else stands for it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base62Width, decodeBase62, encodeBase62 } from '../../packages/server/src/core/secrets/base62.ts'
import type { InstanceId } from '../../packages/server/src/core/ids.ts'
import { createKeyRing } from '../../packages/server/src/core/secrets/master-key.ts'
import { systemRandom } from '../../packages/server/src/core/secrets/random.ts'
import {
  createSecretReader,
  formatSecret,
  parseSecret,
  type SecretName,
} from '../../packages/server/src/core/secrets/secrets.ts'

const { macKeys } = createKeyRing(
  new Map([1, 7, 255].map((id) => [id, new Uint8Array(32).fill(id)])),
  1,
  systemRandom,
)
const read = createSecretReader(macKeys, 50)
const DIGITS = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

const NAME = fc.record({
  prefix: fc.constantFrom('mt_', 'ak_', 'sk_test_', 'sk_live_', 'c_'),
  owner: fc.option(fc.stringMatching(/^ins_[0-9A-Za-z]{27}$/).map((id) => id as InstanceId)),
  id: bytes(16),
  keyId: fc.constantFrom(1, 7, 255),
})

describe('base62', () => {
  it('is read back as the bytes it was written from', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (value) => {
        const text = encodeBase62(value)
        expect(text).toHaveLength(base62Width(value.length))
        expect(decodeBase62(text, value.length)).toEqual(value)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is the same text again for whatever it is read as', () => {
    const texts = fc
      .integer({ min: 1, max: 40 })
      .chain((length) =>
        fc.tuple(
          fc.constant(length),
          fc.string({ unit: DIGITS, minLength: base62Width(length), maxLength: base62Width(length) }),
        ),
      )
    fc.assert(
      fc.property(texts, ([length, text]) => {
        const value = decodeBase62(text, length)
        if (value !== null) expect(encodeBase62(value)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('sorts as the bytes do', () => {
    fc.assert(
      fc.property(bytes(20), bytes(20), (a, b) => {
        const order = Math.sign(Buffer.compare(a, b))
        const [first, second] = [encodeBase62(a), encodeBase62(b)]
        expect(first < second ? -1 : first > second ? 1 : 0).toBe(order)
      }),
    )
  })
})

const ID_PREFIXES = {
  mt_: 'mt',
  ak_: 'key',
  sk_test_: 'key',
  sk_live_: 'key',
  c_: 'tt',
  bt_: 'client',
  rt_: 'client',
}

/** What a reader makes of the secret with that name. */
const provenBy = ({ prefix, id, keyId }: SecretName) => ({
  id: `${ID_PREFIXES[prefix]}_${Buffer.from(id).toString('hex')}`,
  macKeyId: keyId,
})

describe('a secret', () => {
  it('is read back as the name it was made of, remembered or not', () => {
    fc.assert(
      fc.property(NAME, (name) => {
        const secret = formatSecret(macKeys, name)
        expect(parseSecret(macKeys, name.prefix, name.owner, secret)).toEqual(name)
        expect(read(name.prefix, name.owner, secret)).toEqual(provenBy(name))
        expect(read(name.prefix, name.owner, secret)).toEqual(provenBy(name))
      }),
    )
  })

  it('differs wherever the name does', () => {
    fc.assert(
      fc.property(NAME, NAME, (a, b) => {
        const same = JSON.stringify([a, [...a.id]]) === JSON.stringify([b, [...b.id]])
        expect(formatSecret(macKeys, a) === formatSecret(macKeys, b)).toBe(same)
      }),
    )
  })

  // Stops any number of guesses near a good secret.
  it('is not accepted with any of its characters replaced', () => {
    fc.assert(
      fc.property(
        NAME,
        fc.array(fc.tuple(fc.nat(), DIGITS), { minLength: 1, maxLength: 5 }),
        (name, edits) => {
          const secret = formatSecret(macKeys, name)
          const characters = [...secret]
          for (const [at, digit] of edits) characters[at % characters.length] = digit
          const edited = characters.join('')
          read(name.prefix, name.owner, secret)
          const expected = edited === secret ? name : null
          expect(parseSecret(macKeys, name.prefix, name.owner, edited)).toEqual(expected)
          expect(read(name.prefix, name.owner, edited)).toEqual(expected && provenBy(expected))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('is read from no text that was not made', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: DIGITS, minLength: 51, maxLength: 51 }).map((digits) => `mt_${digits}`),
      fc.string({ unit: 'binary', minLength: 51, maxLength: 51 }).map((rest) => `mt_${rest}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        expect(parseSecret(macKeys, 'mt_', null, text)).toBeNull()
        expect(read('mt_', null, text)).toBeNull()
      }),
      { numRuns: 1_000 },
    )
  })
})
