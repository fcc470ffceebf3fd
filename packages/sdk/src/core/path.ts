/** Paths of operations that take ids or a query. */
import { InvalidRequestError } from './errors.ts'
import { toWire } from './casing.ts'

/** @throws {InvalidRequestError} for an id that would make it another path, or is missing */
export function checkId(id: string): string {
  if (/^[\w-]+$/.test(id || '/')) return id
  throw new InvalidRequestError('invalid_request', 'An id must be given, of letters, digits, _ and -')
}

/** A list is a field that comes more than once. */
export function withQuery(path: string, fields: object): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(toWire(fields))) {
    for (const each of [value].flat()) query.append(name, String(each))
  }
  const text = String(query)
  return text === '' ? path : `${path}?${text}`
}
