/** Schemas that the wire of several resources shares. A message never repeats what was received. */
import { z } from 'zod'
import { isJsonObject, type JsonObject } from './json.ts'
import { LONGEST_LIFETIME } from './time.ts'

/** A boolean in a query string. */
export const queryBoolean = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean())

/** A whole number in a query string. Clients that have only floating-point numbers write `10.0` (wire reference, "Requests"). */
export const queryInteger = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,10}(?:\.0)?$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))

/** A page of a list. */
export const page = (longest: number) => ({
  limit: queryInteger(1, longest).default(10),
  offset: queryInteger(0, 4_294_967_295).default(0),
})

/** A whole number of seconds, one at least. */
export const wholeSeconds = (least = 1, most: number = LONGEST_LIFETIME) => z.int().min(least).max(most)

/** What to look for in a list: may be empty, has no control characters. */
export const searchText = z
  .string()
  .max(255)
  .regex(/^\P{Cc}*$/u, 'must not hold control characters')

/** Text that people read: not empty, no control characters. */
export const plainText = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters')

/** Text of several lines. A NUL is refused, because not every database can keep one. */
export const prose = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\0]*$/, 'must not hold a NUL')

/** An instant on the wire: Unix time in milliseconds. */
export const wireMillis = z.int().describe('Unix time in milliseconds')

/** Any JSON; its depth is limited where the body is read. */
export const anyJson = z.unknown()

/** Custom data longer than this would not fit into a token that a request header can carry. */
export const LONGEST_CLAIMS = 16_384

const fits = (longest: number) => (value: unknown) =>
  value === undefined || Buffer.byteLength(JSON.stringify(value)) <= longest

/** Any JSON of at most that many bytes. */
export const jsonUpTo = (longest: number) =>
  anyJson.refine(fits(longest), `must have ${longest} bytes of JSON at most`)

/** A JSON object of at most that many bytes, kept as it came. */
export const jsonObjectUpTo = (longest: number) =>
  z
    .custom<JsonObject>(isJsonObject, { error: 'must be an object', abort: true })
    .refine(fits(longest), `must have ${longest} bytes of JSON at most`)
    .meta({ type: 'object', additionalProperties: true })
