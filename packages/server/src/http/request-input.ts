/** Reads what a request carries, before any schema looks at it. */
import { z } from 'zod'
import { AuthorityError } from '../core/errors.ts'
import { JsonError, isJsonObject, parseJson, type JsonObject } from '../core/json.ts'
import type { HttpRequest } from './exchange.ts'

/**
 * The body as a JSON object. An empty one counts as `{}`, whatever its content type says, and so does `null`: published
 * clients send JSON's content type with no body, and Go's a `null` where there is nothing to say (wire reference,
 * "Requests").
 *
 * @throws {AuthorityError} `unsupported_content_type`, `request_body_too_large`, `request_body_invalid`
 */
export async function readJsonBody(request: HttpRequest): Promise<JsonObject> {
  const bytes = await request.body()
  if (bytes.length === 0) return {}
  requireJson(request)
  let value: unknown
  try {
    value = parseJson(bytes) ?? {}
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new AuthorityError('request_body_invalid', {
      longMessage: `The request body cannot be used: ${error.message}.`,
    })
  }
  if (!isJsonObject(value)) {
    throw new AuthorityError('request_body_invalid', {
      longMessage: 'The request body must be a JSON object.',
    })
  }
  return value
}

/** JSON, with or without a charset that says UTF-8, in no other encoding. */
const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i

function requireJson(request: HttpRequest): void {
  const type = request.header('content-type')
  const encoding = request.header('content-encoding')
  if ((type === null || JSON_TYPE.test(type)) && (encoding === null || encoding === 'identity')) return
  throw new AuthorityError('unsupported_content_type')
}

const listsBySchema = new WeakMap<z.ZodType, ReadonlySet<string>>()

/** Parameters that may be given more than once, also under their name with brackets: those that a schema has lists for. */
export function listsOf(schema: z.ZodType): ReadonlySet<string> {
  let lists = listsBySchema.get(schema)
  if (lists === undefined) {
    const fields = schema instanceof z.ZodObject ? Object.entries(schema.shape) : []
    lists = new Set(fields.filter(([, field]) => isList(field)).map(([name]) => name))
    listsBySchema.set(schema, lists)
  }
  return lists
}

const isList = (field: unknown): boolean =>
  field instanceof z.ZodOptional || field instanceof z.ZodDefault
    ? isList(field.unwrap())
    : field instanceof z.ZodArray

/**
 * The query as an object: a list for the parameters that are lists, a string for the others.
 *
 * @param lists names of parameters that may be given more than once
 * @throws {AuthorityError} `malformed_request_parameters` if it is not properly encoded or repeats a parameter
 */
export function readQuery(
  query: string,
  lists: ReadonlySet<string>,
): Readonly<Record<string, string | string[]>> {
  const values = Object.create(null) as Record<string, string | string[]>
  if (query === '') return values
  try {
    // URLSearchParams would put a replacement character where this throws.
    decodeURIComponent(query)
  } catch {
    throw new AuthorityError('malformed_request_parameters', {
      longMessage: 'The query is not percent-encoded UTF-8.',
    })
  }
  for (const [given, value] of new URLSearchParams(query)) {
    const name = given.endsWith('[]') ? given.slice(0, -2) : given
    if (lists.has(name)) values[name] = [...((values[name] as string[] | undefined) ?? []), value]
    else if (values[given] === undefined) values[given] = value
    else
      throw new AuthorityError('malformed_request_parameters', {
        longMessage: 'A parameter is given more than once.',
      })
  }
  return values
}
