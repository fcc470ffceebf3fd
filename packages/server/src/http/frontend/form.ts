/** Reads what clerk-js sends: forms, and other methods than POST as `_method` (wire reference, "Frontend API"). */
import { AuthorityError } from '../../core/errors.ts'
import type { HttpRequest } from '../exchange.ts'

export type Fields = Readonly<Record<string, string>>

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;.*)?$/i

/**
 * @throws {AuthorityError} `unsupported_content_type`, `malformed_request_parameters` for a field that is there twice
 *   or not properly encoded
 */
export async function readForm(request: HttpRequest): Promise<Fields> {
  const bytes = await request.body()
  if (bytes.length === 0) return {}
  const type = request.header('content-type')
  // A page of any origin can send text/plain without being asked; it is no form.
  if (type !== null && !FORM_TYPE.test(type)) {
    throw new AuthorityError('unsupported_content_type', {
      longMessage: 'Send application/x-www-form-urlencoded.',
    })
  }
  return readFields(Buffer.from(bytes).toString('utf8'))
}

/** @throws {AuthorityError} `malformed_request_parameters` */
export function readFields(text: string): Fields {
  const fields = Object.create(null) as Record<string, string>
  try {
    // URLSearchParams would put a replacement character where this throws.
    decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new AuthorityError('malformed_request_parameters', {
      longMessage: 'The parameters are not percent-encoded UTF-8.',
    })
  }
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in fields) {
      throw new AuthorityError('malformed_request_parameters', {
        longMessage: 'A parameter is given more than once.',
      })
    }
    fields[name] = value
  }
  return fields
}

const TUNNELED = new Set(['PATCH', 'PUT', 'DELETE'])

/** The method that is meant. Only a POST can stand for another. */
export function methodOf({ method }: HttpRequest, query: Fields): string {
  const meant = query._method?.toUpperCase()
  return method === 'POST' && meant !== undefined && TUNNELED.has(meant) ? meant : method
}
