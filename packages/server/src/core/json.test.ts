import { describe, expect, it } from 'vitest'
import { canonicalJson, JsonError, parseJson, type Json } from './json.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const parse = (text: string) => parseJson(utf8(text))
const withNames = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 0])))

describe('JSON that has one reading', () => {
  it.each([
    'null',
    ' {"a": [1, -0.5, 1e3, true, null, "x"]} \r\n\t',
    '{"": 0}',
    '[{"a":1},{"a":2},[{"a":3}]]',
    '{"a":{"a":{"a":"a"}}}',
    '{"a":"\\"a\\":", "b":"{\\"a\\":1,\\"a\\":2}"}',
    '["a","a","a"]',
    '{"\\u0061b":1,"a":2}',
    '{"é":1,"e\u0301":2}',
    '"\\ud83d\\ude00 \\\\ud800"',
    '9007199254740991',
    '-9007199254740991',
    '0.12345678901234567',
    '1.7976931348623157e308',
  ])('is read as JSON.parse reads it: %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  // Stops prototype pollution: the name is data, and what is read has no other prototype for it.
  it.each(['{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":1e2,"s":"\\ud83d\\ude00"}}'])(
    'keeps __proto__ as a name like any other: %s',
    (text) => {
      const value = parse(text) as Record<string, unknown>
      expect(Object.keys(value)).toEqual(['__proto__'])
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect('polluted' in value).toBe(false)
      expect('polluted' in {}).toBe(false)
    },
  )
})

// Two programs that read one text differently can be played against each other.
describe('JSON that has two readings is refused:', () => {
  it.each([
    ['a name twice', '{"sub":"a","sub":"b"}'],
    ['a name twice, once escaped', '{"sub":"a","\\u0073ub":"b"}'],
    ['a name twice, escaped in two ways', '{"\\u002f":1,"\\/":2}'],
    [
      'a name twice, far apart',
      `{"a":1,${Array.from({ length: 50 }, (_, n) => `"n${n}":[{}]`).join()},"a":2}`,
    ],
    ['a name twice within another object', '[{"x":{"a":1, "a" :2}}]'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['the empty name twice', '{"":1,"":2}'],
    ['a number that becomes infinite', '1e400'],
    ['a negative number that becomes infinite', '{"exp":-1e999}'],
    ['a long number that becomes infinite', `1${'0'.repeat(400)}`],
    ['an integer that is rounded', '9007199254740993'],
    ['a negative integer that is rounded', '[-9007199254740993]'],
    ['a rounded integer with a fraction of zeros', '9007199254740993.0'],
    ['a rounded integer with an exponent', '9007199254740993e0'],
    ['a rounded integer with a negative exponent', '90071992547409930e-1'],
    ['a long rounded number', `1.${'0'.repeat(10)}1${'0'.repeat(20)}1e30`],
    ['an identifier of 20 digits', '{"id":12345678901234567890}'],
    ['half of a surrogate pair in a string', '"\\ud800"'],
    ['the second half alone', '{"a":["\\uDC00"]}'],
    ['the halves in the wrong order', '"\\ude00\\ud83d"'],
    ['half of a surrogate pair in a name', '{"\\ud800":1}'],
  ])('%s', (_name, text) => {
    expect(() => parse(text)).toThrow(JsonError)
  })
})

// What was read is written again, into a token or a database, and has to be readable from there.
describe('numbers past 2^53', () => {
  it.each([
    '1152921504606846976',
    '1152921504606847000',
    '1.2345678901234567e20',
    '12345678901234567890.0',
    '1e21',
    '1e300',
    '-1.5e+300',
    '9007199254740992000',
    '123456789012345678e3',
  ])('are refused, or can be read again once written: %s', (text) => {
    let value: Json
    try {
      value = parse(text)
    } catch (error) {
      expect(error).toBeInstanceOf(JsonError)
      return
    }
    expect(parse(JSON.stringify(value))).toBe(value)
  })
})

describe('what is not JSON in UTF-8 is refused:', () => {
  it.each([
    ['nothing', []],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['a byte that no UTF-8 has', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an overlong NUL', [0x22, 0xc0, 0x80, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a code point past Unicode', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a character cut off', [0x22, 0xe2, 0x82, 0x22]],
    ['UTF-16', [0x7b, 0, 0x7d, 0]],
  ])('%s', (_name, bytes) => {
    expect(() => parseJson(Uint8Array.from(bytes))).toThrow(JsonError)
  })

  it.each([
    '{',
    '}',
    '{"a":1,}',
    '[1,]',
    '{a:1}',
    "{'a':1}",
    '{"a" 1}',
    '{"a":}',
    '"a',
    '"a\\"',
    '"\\x"',
    '{"\\x":1}',
    '"a\nb"',
    '"a\0b"',
    '01',
    '+1',
    '.5',
    'NaN',
    'Infinity',
    '-',
    '{} {}',
    '/* */{}',
    'nul',
  ])('%j', (text) => {
    expect(() => parse(text)).toThrow(JsonError)
  })
})

describe('the limits', () => {
  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('let %s stand 32 deep and no deeper', (_name, open, close) => {
    const text = (depth: number) => open.repeat(depth) + (open === '[' ? '' : '0') + close.repeat(depth)
    expect(() => parse(text(32))).not.toThrow()
    expect(() => parse(text(33))).toThrow('it is more than 32 levels deep')
  })

  // Stops a small body from blowing the stack of whatever walks it afterwards.
  it('refuse 200,000 brackets before anything is read from them', () => {
    expect(() => parse('['.repeat(200_000) + ']'.repeat(200_000))).toThrow('levels deep')
    expect(() => parse('['.repeat(200_000))).toThrow('levels deep')
  })

  it('do not count brackets in strings', () => {
    expect(parse(JSON.stringify('['.repeat(1_000)))).toHaveLength(1_000)
  })

  it('let 2,000 names stand and no more', () => {
    expect(Object.keys(parse(withNames(2_000)) as object)).toHaveLength(2_000)
    expect(() => parse(withNames(2_001))).toThrow('it has more than 2000 names')
  })

  it('count the names of all objects together', () => {
    const objects = `[${Array.from({ length: 2_001 }, () => '{"a":0}').join()}]`
    expect(() => parse(objects)).toThrow('it has more than 2000 names')
  })

  it('can be set for a use', () => {
    expect(() => parseJson(utf8('[[]]'), { depth: 1, names: 1 })).toThrow('more than 1 levels')
    expect(() => parseJson(utf8('{"a":0,"b":0}'), { depth: 1, names: 1 })).toThrow('more than 1 names')
  })
})

// Stops a secret that was put into the wrong place from getting into a log by way of an error.
it.each([
  '{"CANARY":1,"CANARY":2}',
  '{"CANARY\\ud800":1}',
  '["CANARY\\ud800"]',
  '"CANARY',
  '{"CANARY',
  '{"CANARY\\x":1}',
  'CANARY',
])('an error never repeats what was received: %s', (text) => {
  const errors = [text, text.slice(0, -1)].map((each) => {
    try {
      return String(parse(each))
    } catch (error) {
      return `${(error as Error).stack}${String((error as Error).cause)}`
    }
  })
  for (const error of errors) expect(error).not.toContain('CANARY')
})

describe('canonical JSON', () => {
  it.each<readonly [Json, string]>([
    [{ b: 1, a: [true, null] }, '{"a":[true,null],"b":1}'],
    [{ b: { d: 1, c: 2 }, a: 0 }, '{"a":0,"b":{"c":2,"d":1}}'],
    [[{ b: 1, a: 2 }, 'x'], '[{"a":2,"b":1},"x"]'],
    [
      { '\u20ac': 1, '\r': 2, '1': 3, '\u{1f600}': 4, '\ufb33': 5 },
      '{"\\r":2,"1":3,"€":1,"\u{1f600}":4,"\ufb33":5}',
    ],
    [{ 10: 0, 9: 0 }, '{"10":0,"9":0}'],
    [-0, '0'],
    ['a"b\\', '"a\\"b\\\\"'],
    [[], '[]'],
    [{}, '{}'],
    [null, 'null'],
  ])('of %j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('tells a missing name from one that is null, and a number from its text', () => {
    const values: Json[] = [
      {},
      { a: null },
      { a: 0 },
      { a: '0' },
      { a: false },
      { a: [] },
      { a: {} },
      [['a']],
    ]
    expect(new Set(values.map(canonicalJson)).size).toBe(values.length)
  })

  it('has __proto__ as a name like any other', () => {
    expect(canonicalJson(parse('{"b":1,"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1},"b":1}')
  })
})
