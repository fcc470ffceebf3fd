/**
 * The wire writes `snake_case`, programs write `camelCase`. Only names that the authority chose are
 * rewritten: what a user put into claims, an actor or metadata comes back letter for letter.
 */

/** Fields whose insides are not ours. */
const VERBATIM = new Set([
  'claims',
  'actor',
  'public_metadata',
  'private_metadata',
  'unsafe_metadata',
  'keys',
])

/** Rewrites the names of an answer, at every depth. */
export function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      VERBATIM.has(name) ? inner : fromWire(inner),
    ]),
  )
}

/** Rewrites the names of a request, at its top level only; `undefined` is left out. */
export const toWire = (fields: object): [name: string, value: unknown][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value])
