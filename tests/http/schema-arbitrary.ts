/** Values that a JSON Schema allows, for fuzzing: ids among them are often those of things that are there. */
import fc from 'fast-check'
import { resolve, type Components, type Schema } from './json-schema.ts'

/** What the authority has, by the name of its kind; the fuzzer adds to it as it goes. */
export const KNOWN_KINDS = [
  'machine',
  'user',
  'm2mToken',
  'actorToken',
  'signInToken',
  'testingToken',
  'session',
  'signingKey',
  'secret',
  'scope',
  'renewable',
  'expiredToken',
  'refreshToken',
] as const
export type KnownKind = (typeof KNOWN_KINDS)[number]

/** Stands for a thing that is there when the request is sent; the number picks one. */
export const known = (kind: KnownKind): fc.Arbitrary<string> =>
  fc.nat(1_000).map((index) => `⟦${kind}:${index}⟧`)

/** Puts what is there in the place of what stands for it. */
export const fillIn = (text: string, pick: (kind: KnownKind, index: number) => string): string =>
  text.replaceAll(/⟦(\w+):(\d+)⟧/g, (_all, kind, index) => pick(kind as KnownKind, Number(index)))

const PREFIXES: readonly (readonly [start: string, kind: KnownKind])[] = [
  ['^mch_', 'machine'],
  ['^user_', 'user'],
  ['^mt_', 'm2mToken'],
  ['^act_', 'actorToken'],
  ['^sit_', 'signInToken'],
  ['^tt_', 'testingToken'],
  ['^sess_', 'session'],
  ['^(?:ins|kid)_', 'signingKey'],
]
const NAMES: Readonly<Record<string, KnownKind>> = {
  token: 'secret',
  expired_token: 'expiredToken',
  refresh_token: 'refreshToken',
  secret: 'secret',
  user_id: 'user',
  machine_id: 'machine',
  subject: 'machine',
}

/** Text that has hurt some program before. */
export const NASTY_TEXT: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\uFEFF',
    '\r\nSet-Cookie: a=b',
    "' OR 1=1 --",
    '%',
    '_%\\',
    '__proto__',
    'constructor',
    'toString',
    '../../etc/passwd',
    '%00',
    '%2e%2e%2f',
    '${7*7}',
    '{{7*7}}',
    '\u202E',
    'ａ',
    '1e400',
    'NaN',
    '-0',
    '𝔸'.repeat(200),
    'a'.repeat(5_000),
  ),
)

const NASTY_NUMBER: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1, 1e21, 1e308, 5e-324),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

export const ANY_JSON: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }) },
  { weight: 2, arbitrary: NASTY_TEXT.filter((text) => text.isWellFormed()) },
  { weight: 2, arbitrary: NASTY_NUMBER },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('__proto__', 'sub', 'exp', 'aud', 'a'), fc.jsonValue()),
  },
)

/** Values that a schema allows; where it cannot be followed to the letter, values near to it. */
export function arbitraryOf(given: Schema, components: Components, name = ''): fc.Arbitrary<unknown> {
  const schema = resolve(given, components)
  const of = (inner: Schema, innerName = name) => arbitraryOf(inner, components, innerName)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => of(one)))
  const types = [schema.type ?? 'any'].flat()
  if (types.length > 1) return fc.oneof(...types.map((type) => of({ ...schema, type })))
  switch (types[0]) {
    case 'string':
      return textOf(schema, name)
    case 'integer':
      return fc.integer(rangeOf(schema))
    case 'number':
      return fc.oneof(fc.integer(rangeOf(schema)), fc.double({ ...rangeOf(schema), noNaN: true }))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(of(schema.items ?? {}), { maxLength: Math.min(4, schema.maxItems ?? 4) })
    case 'object':
      return objectOf(schema, of)
    default:
      return ANY_JSON
  }
}

function textOf({ pattern, maxLength = 60, ...schema }: Schema, name: string): fc.Arbitrary<string> {
  const kind = PREFIXES.find(([start]) => pattern?.startsWith(start))?.[1] ?? NAMES[name]
  const plain = plainTextOf(pattern, Math.min(maxLength, 60), schema)
  if (kind === undefined) return plain
  return fc.oneof({ weight: 4, arbitrary: known(kind) }, { weight: 1, arbitrary: plain })
}

function plainTextOf(pattern: string | undefined, maxLength: number, schema: Schema): fc.Arbitrary<string> {
  if ('format' in schema && schema.format === 'email') return fc.emailAddress()
  // Of the patterns in use, those are plain enough to be generated from; the others only forbid control characters.
  if (
    pattern !== undefined &&
    /^\^[\w\\+[\]{}(),|-]+\$$/.test(pattern) &&
    !pattern.includes(String.raw`\P`)
  ) {
    return fc.stringMatching(new RegExp(pattern))
  }
  return fc.string({ unit: 'grapheme', minLength: Math.min(schema.minLength ?? 0, maxLength), maxLength })
}

const rangeOf = ({ minimum, exclusiveMinimum, maximum }: Schema) => ({
  min: minimum ?? (exclusiveMinimum === undefined ? -1_000 : exclusiveMinimum + 1),
  max: maximum ?? 2 ** 31 - 1,
})

function objectOf(schema: Schema, of: (inner: Schema, name: string) => fc.Arbitrary<unknown>) {
  const { properties = {}, required = [] } = schema
  const entries = Object.entries(properties).map(([name, inner]) => [name, of(inner, name)] as const)
  return fc.record(Object.fromEntries(entries), { requiredKeys: [...required] })
}
