/**
 * JSON as the authority accepts it: one reading only. `JSON.parse` keeps the last of two equal names,
 * turns `1e400` into Infinity, lets unpaired surrogates through and recurses as deep as it is told to;
 * two programs that read such a text differently can be played against each other. Here each of these
 * is refused before anything is read from the text (RFC 8259 section 4, RFC 7493 section 2).
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

export interface JsonLimits {
  /** How many objects and arrays may stand within each other. */
  readonly depth: number
  /** How many names all objects together may have. */
  readonly names: number
}

const DEFAULT_LIMITS: JsonLimits = { depth: 32, names: 2_000 }

/** Says what is wrong with a text, never what it holds. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws {JsonError} if the bytes are not one JSON text in UTF-8 that has one reading. */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = DEFAULT_LIMITS): Json {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new JsonError('it is not UTF-8')
  }
  checkStructure(text, limits)
  try {
    return JSON.parse(text, MAY_BE_INEXACT.test(text) ? exactly : undefined) as Json
  } catch (error) {
    throw error instanceof JsonError ? error : new JsonError('it is not JSON')
  }
}

/** Only an escaped surrogate, sixteen digits in a row or an exponent can come out other than they went in. */
const MAY_BE_INEXACT = /\\u[dD]|\d{16}|\d[eE]/

/** A reviver that refuses what a program could not write again as it came. */
function exactly(name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed()))
    throw new JsonError('a string has half of a surrogate pair')
  if (typeof value !== 'number') return value
  if (!Number.isFinite(value)) throw new JsonError('a number is too large')
  const source = context?.source ?? ''
  // Written out again it would be another number, so that what reads it then would see a change.
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && decimalOf(String(value)) !== decimalOf(source)) {
    throw new JsonError('an integer is too large to be kept exactly')
  }
  return value
}

/** The same for all ways to write one number: its digits without zeros at the ends, and the power of ten. */
function decimalOf(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  let end = digits.length
  // A pattern for these would look at each run of zeros again from each of them.
  while (digits[end - 1] === '0') end--
  return `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/**
 * Walks the text once, without recursion, counting depth and names and looking for a name that an
 * object already has. It does not check the grammar: `JSON.parse` does, and sees the same brackets.
 */
function checkStructure(text: string, limits: JsonLimits): void {
  const open: (Set<string> | null)[] = [] // the names of each open object, null for an array
  let names = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      const seen = open.at(-1)
      if (seen && isName(text, end)) {
        const name = text.slice(at, end + 1)
        addName(seen, name.includes('\\') ? unescapeName(name) : name.slice(1, -1))
        if (++names > limits.names) throw new JsonError(`it has more than ${limits.names} names`)
      }
      at = end
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      open.push(code === OPEN_OBJECT ? new Set() : null)
      if (open.length > limits.depth) throw new JsonError(`it is more than ${limits.depth} levels deep`)
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop()
    }
  }
}

function addName(seen: Set<string>, name: string): void {
  if (seen.has(name)) throw new JsonError('an object has the same name twice')
  seen.add(name)
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at
  }
  throw new JsonError('a string does not end')
}

/** A string is a name if a colon follows it. */
function isName(text: string, end: number): boolean {
  let at = end + 1
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++
  return text.charCodeAt(at) === COLON
}

function unescapeName(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw new JsonError('a name is not a JSON string')
  }
}

/**
 * The one text of a value that does not depend on the order of names: for telling whether two sets of
 * claims are the same, not for sending. Names are ordered by UTF-16 code unit, as in RFC 8785.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const object = value as JsonObject
  const members = Object.keys(object)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(object[name]!)}`)
  return `{${members.join(',')}}`
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON merge patch (RFC 7396) of one object on another: `null` removes a name, objects are merged. */
export function mergeJson(target: JsonObject, patch: JsonObject): JsonObject {
  const names = Object.keys(patch)
  const kept = Object.entries(target).filter(([name]) => !Object.hasOwn(patch, name))
  const merged = names
    .filter((name) => patch[name] !== null)
    .map((name): [string, Json] => {
      const value = patch[name]!
      const before = Object.hasOwn(target, name) ? target[name] : undefined
      return [name, isJsonObject(value) ? mergeJson(isJsonObject(before) ? before : {}, value) : value]
    })
  return Object.fromEntries([...kept, ...merged])
}
