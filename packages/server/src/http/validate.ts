/**
 * Turns what a schema says against a request into the refusal its clients expect. The parameter is named,
 * what was received never is: it may be a secret in the wrong place.
 */
import type { z } from 'zod'
import { AuthorityError, type ErrorCode } from '../core/errors.ts'
import type { Dialect } from '../core/operation.ts'

type Place = 'body' | 'query'
type Issue = z.core.$ZodIssue

/** @throws {AuthorityError} for the first thing that is wrong */
export function validate<T>(schema: z.ZodType<T>, value: unknown, place: Place, dialect: Dialect): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw toRefusal(result.error.issues[0]!, value, place, dialect)
}

function toRefusal(issue: Issue, value: unknown, place: Place, dialect: Dialect): AuthorityError {
  const { code, reason } = describe(issue, value)
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path
  const param = nameOf(path)
  if (dialect === 'bad_request') {
    const where = param === '' ? place : `${place}.${param}`
    return new AuthorityError('bad_request', {
      longMessage: `Invalid '${where}': ${reason}`,
      meta: { param_name: param },
    })
  }
  if (param === '')
    return new AuthorityError('request_body_invalid', { longMessage: `The request body ${reason}.` })
  return new AuthorityError(code, { longMessage: `${param} ${reason}.`, meta: { param_name: param } })
}

interface Description {
  readonly code: Extract<ErrorCode, `form_param_${string}`>
  readonly reason: string
}

function describe(issue: Issue, value: unknown): Description {
  const received = at(value, issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return { code: 'form_param_unknown', reason: 'is not a valid parameter for this request' }
    case 'invalid_type':
      return describeType(issue, received)
    case 'too_small':
      return describeTooSmall(issue)
    case 'too_big':
      return describeTooBig(issue)
    case 'invalid_format':
      return { code: 'form_param_format_invalid', reason: ownMessage(issue) ?? 'has the wrong format' }
    case 'invalid_value':
      if (received === undefined) return { code: 'form_param_missing', reason: 'must be included' }
      return {
        code: 'form_param_value_invalid',
        reason: `must be one of ${issue.values.map(String).join(', ')}`,
      }
    case 'custom':
      if (issue.message === 'is missing') return { code: 'form_param_missing', reason: 'must be included' }
      if (received === undefined) return { code: 'form_param_missing', reason: 'must be included' }
      return { code: 'form_param_value_invalid', reason: issue.message }
    default:
      return { code: 'form_param_value_invalid', reason: 'has a value that is not allowed' }
  }
}

function describeType(issue: Extract<Issue, { code: 'invalid_type' }>, received: unknown): Description {
  if (received === undefined) return { code: 'form_param_missing', reason: 'must be included' }
  if (received === null) return { code: 'form_param_nil', reason: 'must not be null' }
  return {
    code: 'form_param_type_invalid',
    reason: `must be ${TYPE_NAMES[issue.expected] ?? `of type ${issue.expected}`}`,
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

function describeTooSmall({
  origin,
  minimum,
  inclusive,
}: Extract<Issue, { code: 'too_small' }>): Description {
  if (origin === 'string')
    return {
      code: 'form_param_min_length_exceeded',
      reason: minimum === 1 ? 'must not be empty' : `must have ${minimum} characters at least`,
    }
  return {
    code: 'form_param_value_invalid',
    reason: inclusive ? `must be ${minimum} or more` : `must be greater than ${minimum}`,
  }
}

function describeTooBig({ origin, maximum }: Extract<Issue, { code: 'too_big' }>): Description {
  if (origin === 'string')
    return { code: 'form_param_max_length_exceeded', reason: `must have ${maximum} characters at most` }
  if (origin === 'array')
    return { code: 'form_param_array_size_exceeded', reason: `must have ${maximum} entries at most` }
  return { code: 'form_param_value_too_large', reason: `must be ${maximum} or less` }
}

/** Our own texts begin in lower case; the library's defaults are not shown. */
const ownMessage = ({ message }: Issue): string | null => (message.startsWith('must ') ? message : null)

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value
  for (const name of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined
    current = (current as Record<PropertyKey, unknown>)[name]
  }
  return current
}

/** A name that a caller made up may be a secret too; ours are shorter than any of those. */
const LONGEST_NAME = 40

function nameOf(path: readonly PropertyKey[]): string {
  const name = path.map(String).join('.')
  return /^[\w.[\]-]*$/.test(name) && name.length <= LONGEST_NAME ? name : '(a name not shown)'
}
