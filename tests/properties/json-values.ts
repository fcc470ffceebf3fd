/** JSON as callers may send it, and other spellings of the same value. */
import fc from 'fast-check'
import type { Json } from '../../packages/server/src/core/json.ts'

const NAMES = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', '10', '9', 'a', 'b', ''),
)

/** Whole numbers that a double does not hold exactly are refused, so they are left out. */
const NUMBERS = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
)

const { value, object } = fc.letrec<{ value: Json; object: Record<string, Json>; list: Json[] }>((tie) => ({
  object: fc.dictionary(NAMES, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  list: fc.array(tie('value'), { maxLength: 4 }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, ''),
    NUMBERS,
    fc.string({ unit: 'binary', maxLength: 8 }),
    tie('list'),
    tie('object'),
  ),
}))

export const jsonValue: fc.Arbitrary<Json> = value
export const jsonObject: fc.Arbitrary<Record<string, Json>> = object

/** A JSON text of a value with the names of every object turned round by so many places, and with spaces. */
export function textOf(json: Json, turn: number): string {
  if (Array.isArray(json)) return `[ ${json.map((each: Json) => textOf(each, turn)).join(' ,')}]`
  if (json === null || typeof json !== 'object') return JSON.stringify(json)
  const members = Object.entries(json).map(
    ([name, each]: [string, Json]) => `${JSON.stringify(name)} :${textOf(each, turn)}`,
  )
  const at = members.length === 0 ? 0 : turn % members.length
  return `{${[...members.slice(at), ...members.slice(0, at)].join(', ')} }`
}
