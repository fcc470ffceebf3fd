import { describe, expect, it } from 'vitest'
import {
  createIdSource,
  ID_PATTERNS,
  m2mTokenId,
  secretKeyId,
  testingTokenId,
  timeOfUuid,
  toHex,
  uuidOf,
} from './ids.ts'
import { systemRandom } from './secrets/random.ts'
import { millis } from './time.ts'

const NOON = Date.UTC(2026, 0, 15, 12)

/** A source whose clock a test sets. */
function source(start = NOON) {
  let now = start
  const clock = { now: () => millis(now) }
  return { ids: createIdSource({ clock, random: systemRandom }), set: (time: number) => void (now = time) }
}

const isAscending = (texts: readonly string[]) =>
  texts.every((text, index) => index === 0 || texts[index - 1]! < text)

describe('ids', () => {
  it.each([
    ['instance', 'ins'],
    ['machine', 'mch'],
    ['user', 'user'],
    ['actorToken', 'act'],
  ] as const)('of the %s kind have the shape of the wire', (kind, prefix) => {
    const { ids } = source()
    for (let count = 0; count < 200; count++) expect(ids.next(prefix)).toMatch(ID_PATTERNS[kind])
  })

  it('of M2M tokens have the shape of the wire', () => {
    const { ids } = source()
    for (let count = 0; count < 200; count++) expect(m2mTokenId(ids.uuid())).toMatch(ID_PATTERNS.m2mToken)
  })

  it('hold a UUID of version 7 and its variant', () => {
    const { ids } = source()
    for (let count = 0; count < 200; count++) {
      expect(toHex(ids.uuid())).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
    }
  })

  it('tell when they were made, to the millisecond', () => {
    const { ids, set } = source()
    for (const time of [NOON, NOON + 1, Date.UTC(2038, 0, 19, 3, 14, 8), Date.UTC(9999, 11, 31)]) {
      set(time)
      expect(timeOfUuid(ids.uuid())).toBe(time)
    }
  })

  it('are read back to the bytes they were made of', () => {
    const uuid = source().ids.uuid()
    for (const id of [m2mTokenId(uuid), secretKeyId(uuid), testingTokenId(uuid)]) {
      expect(uuidOf(id)).toEqual(Uint8Array.from(uuid))
    }
  })
})

describe('the order of ids', () => {
  it('is the order of making while the clock stands', () => {
    const { ids } = source()
    const uuids = Array.from({ length: 20_000 }, () => toHex(ids.uuid()))
    const texts = Array.from({ length: 20_000 }, () => ids.next<never>('mch') as string)
    expect(isAscending(uuids)).toBe(true)
    expect(isAscending(texts)).toBe(true)
  })

  it('is the order of making as the clock goes on', () => {
    const { ids, set } = source()
    const texts = Array.from({ length: 1_000 }, (_, index) => {
      set(NOON + index * 7)
      return toHex(ids.uuid())
    })
    expect(isAscending(texts)).toBe(true)
  })

  it('is the order of making where the clock goes back, and back again', () => {
    const { ids, set } = source()
    const steps = [0, -1, -3_600_000, 5, 4, -86_400_000, 6, 6, 10, -1]
    const texts = steps.flatMap((step) => {
      set(NOON + step)
      return Array.from({ length: 100 }, () => toHex(ids.uuid()))
    })
    expect(isAscending(texts)).toBe(true)
  })

  it('does not run ahead of the clock once the clock has caught up', () => {
    const { ids, set } = source()
    for (let count = 0; count < 10_000; count++) ids.uuid()
    set(NOON + 60_000)
    expect(timeOfUuid(ids.uuid())).toBe(NOON + 60_000)
  })

  it('is shared by both shapes, so that neither repeats a moment of the other', () => {
    const { ids } = source()
    const moments = Array.from({ length: 3_000 }, () => {
      const uuid = ids.uuid()
      ids.next('act')
      return toHex(uuid).slice(0, 16)
    })
    expect(new Set(moments).size).toBe(3_000)
  })
})

// Stops one token from taking the place of another: two authorities with one clock never agree on an id.
it('ids of two sources at one moment differ', () => {
  const made = [source(), source()].flatMap(({ ids }) =>
    Array.from({ length: 5_000 }, () => toHex(ids.uuid())),
  )
  expect(new Set(made).size).toBe(10_000)
})
