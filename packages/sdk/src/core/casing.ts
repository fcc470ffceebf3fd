/**
 * The wire writes `snake_case`, programs write `camelCase`. Only names that the authority chose are
 * rewritten: what a user put into claims, an actor or metadata comes back letter for letter.
 */

/** Fields whose insides are not ours: those, and the keys of a JWKS. */
const VERBATIM = /^(claims|actor|keys|\w+_metadata)$/

/** Rewrites the names of an answer, at every depth. */
export function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire)
  if (Object(value) !== value) return value
  return Object.fromEntries(
    Object.entries(value as object).map(([name, inner]) => [
      name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      VERBATIM.test(name) ? inner : fromWire(inner),
    ]),
  )
}

/** Rewrites the names of a request, at its top level only; `undefined` is left out. */
export const toWire = (fields: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  )
