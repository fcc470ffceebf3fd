import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AuthorityError } from '../core/errors.ts'
import type { Dialect } from '../core/operation.ts'
import { jsonObjectUpTo, plainText, queryBoolean, queryInteger, wholeSeconds } from '../core/schemas.ts'
import { validate } from './validate.ts'

const schema = z.strictObject({
  name: plainText(10),
  count: z.int().min(1).max(100).optional(),
  ratio: z.number().positive().optional(),
  on: z.boolean().optional(),
  kind: z.enum(['opaque', 'jwt']).optional(),
  id: z
    .string()
    .regex(/^mch_\w+$/, 'must be the id of a machine')
    .optional(),
  url: z.url().optional(),
  list: z.array(z.string().max(3)).max(2).optional(),
  inner: z.strictObject({ deep: z.string() }).optional(),
  custom: jsonObjectUpTo(20).optional(),
  lifetime: wholeSeconds().optional(),
})

function refusal(
  value: unknown,
  dialect: Dialect = 'form',
  place: 'body' | 'query' = 'body',
): AuthorityError {
  try {
    validate(schema, value, place, dialect)
  } catch (error) {
    if (error instanceof AuthorityError) return error
    throw error
  }
  return expect.fail('it was accepted')
}

it('what fits a schema is given back as the schema makes it', () => {
  const query = z.strictObject({ limit: queryInteger(1, 100), revoked: queryBoolean.default(false) })
  expect(validate(query, { limit: '007' }, 'query', 'form')).toEqual({ limit: 7, revoked: false })
})

describe('in the form dialect', () => {
  it.each<readonly [string, object, string, string]>([
    ['a missing parameter', {}, 'form_param_missing', 'name must be included.'],
    ['null', { name: null }, 'form_param_nil', 'name must not be null.'],
    ['another type', { name: 1 }, 'form_param_type_invalid', 'name must be a string.'],
    ['an empty text', { name: '' }, 'form_param_min_length_exceeded', 'name must not be empty.'],
    [
      'a long text',
      { name: 'x'.repeat(11) },
      'form_param_max_length_exceeded',
      'name must have 10 characters at most.',
    ],
    [
      'control characters',
      { name: 'a\r\nb' },
      'form_param_format_invalid',
      'name must not hold control characters.',
    ],
    ['a fraction', { name: 'a', count: 1.5 }, 'form_param_type_invalid', 'count must be a whole number.'],
    ['a number in text', { name: 'a', count: '5' }, 'form_param_type_invalid', 'count must be a number.'],
    ['a small number', { name: 'a', count: 0 }, 'form_param_value_invalid', 'count must be 1 or more.'],
    ['a large number', { name: 'a', count: 101 }, 'form_param_value_too_large', 'count must be 100 or less.'],
    ['zero', { name: 'a', ratio: 0 }, 'form_param_value_invalid', 'ratio must be greater than 0.'],
    [
      'a long lifetime',
      { name: 'a', lifetime: 315_360_001 },
      'form_param_value_too_large',
      'lifetime must be 315360000 or less.',
    ],
    ['text for a boolean', { name: 'a', on: 'true' }, 'form_param_type_invalid', 'on must be true or false.'],
    [
      'an unknown word',
      { name: 'a', kind: 'JWT' },
      'form_param_value_invalid',
      'kind must be one of opaque, jwt.',
    ],
    [
      'a wrong id',
      { name: 'a', id: 'usr_1' },
      'form_param_format_invalid',
      'id must be the id of a machine.',
    ],
    ['a wrong format', { name: 'a', url: 'x' }, 'form_param_format_invalid', 'url has the wrong format.'],
    [
      'a long list',
      { name: 'a', list: ['a', 'b', 'c'] },
      'form_param_array_size_exceeded',
      'list must have 2 entries at most.',
    ],
    ['an object for a list', { name: 'a', list: {} }, 'form_param_type_invalid', 'list must be a list.'],
    [
      'an entry',
      { name: 'a', list: ['a', 'long'] },
      'form_param_max_length_exceeded',
      'list.1 must have 3 characters at most.',
    ],
    ['a missing inner', { name: 'a', inner: {} }, 'form_param_missing', 'inner.deep must be included.'],
    [
      'a list for an object',
      { name: 'a', custom: [] },
      'form_param_value_invalid',
      'custom must be an object.',
    ],
    [
      'too much JSON',
      { name: 'a', custom: { a: 'x'.repeat(20) } },
      'form_param_value_invalid',
      'custom must have 20 bytes of JSON at most.',
    ],
    [
      'an unknown parameter',
      { name: 'a', other: 1 },
      'form_param_unknown',
      'other is not a valid parameter for this request.',
    ],
    [
      'an unknown inner one',
      { name: 'a', inner: { deep: 'x', more: 1 } },
      'form_param_unknown',
      'inner.more is not a valid parameter for this request.',
    ],
  ])('%s is refused by its own code', (_name, value, code, longMessage) => {
    const error = refusal(value)
    expect(error).toMatchObject({ code, longMessage })
    expect(error.meta).toEqual({ param_name: longMessage.split(' ')[0] })
  })

  it('what is no object at all is an invalid body', () => {
    expect(refusal('text')).toMatchObject({
      code: 'request_body_invalid',
      longMessage: 'The request body must be an object.',
    })
  })
})

describe('in the dialect of the M2M endpoints', () => {
  it.each<readonly [object, string, string]>([
    [{}, 'name', "Invalid 'body.name': must be included"],
    [{ name: 1 }, 'name', "Invalid 'body.name': must be a string"],
    [{ name: 'a', count: 101 }, 'count', "Invalid 'body.count': must be 100 or less"],
    [{ name: 'a', other: 1 }, 'other', "Invalid 'body.other': is not a valid parameter for this request"],
    [{ name: 'a', inner: { deep: 1 } }, 'inner.deep', "Invalid 'body.inner.deep': must be a string"],
  ])('everything is a bad request that names the parameter: %j', (value, param, longMessage) => {
    const error = refusal(value, 'bad_request')
    expect(error).toMatchObject({ code: 'bad_request', longMessage, meta: { param_name: param } })
  })

  it('a query is named as a query', () => {
    expect(refusal({}, 'bad_request', 'query').longMessage).toBe("Invalid 'query.name': must be included")
    expect(refusal('text', 'bad_request').longMessage).toBe("Invalid 'body': must be an object")
  })
})

// Stops a secret that was put into the wrong place from being sent back or logged with the refusal.
describe('what was received is never repeated', () => {
  const CANARY = `mt_${'C'.repeat(51)}`
  it.each<readonly [string, object]>([
    ['a value', { name: CANARY }],
    ['a value of the wrong form', { name: 'a', id: CANARY }],
    ['a value that is none of the words', { name: 'a', kind: CANARY }],
    ['an entry of a list', { name: 'a', list: [CANARY] }],
    ['a name', { name: 'a', [CANARY]: 1 }],
    ['an inner name', { name: 'a', inner: { deep: 'x', [CANARY]: 1 } }],
    ['a name with a line end', { name: 'a', 'x\nCCCCC': 1 }],
    ['a name with markup', { name: 'a', '<b>CCCCC</b>': 1 }],
  ])('as %s', (_name, value) => {
    for (const dialect of ['form', 'bad_request'] as const) {
      const { message, longMessage, meta, cause } = refusal(value, dialect)
      expect(JSON.stringify([message, longMessage, meta, String(cause)])).not.toContain('CCCCC')
    }
  })
})

describe('a whole number in a query', () => {
  const query = z.strictObject({ limit: queryInteger(1, 100) })
  it.each([
    '',
    '-1',
    '+1',
    '1.5',
    '1.',
    '.0',
    '1.0.0',
    '1e2',
    '0x10',
    ' 1',
    '1 ',
    '٣',
    'NaN',
    '0',
    '101',
    '99999999999999999999',
  ])('is not %j', (limit) => {
    expect(() => validate(query, { limit }, 'query', 'bad_request')).toThrow(AuthorityError)
  })
})
