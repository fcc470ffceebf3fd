import { InvalidRequestError } from '../core/errors.ts'
import { TESTING_TOKEN } from '../authenticate/testing-token.ts'

/**
 * The origins that a test names, as browsers write them. A bare host, as a publishable key has it, is `https`.
 *
 * @throws {InvalidRequestError} for anything but a host or an http origin: a path would promise more than is kept
 */
export const readOrigins = (given: readonly string[] = []): readonly string[] => given.map(readOrigin)

/** What of an instance's Frontend API takes the token. */
export const isFrontendApiPath = ({ pathname }: URL): boolean => pathname.startsWith('/v1/')

/** The same address with the token in its query, and with no other one. */
export function withToken(url: string, token: string): string {
  const changed = new URL(url)
  // Written by hand, because `searchParams` would spell the rest of the query anew.
  const rest = changed.search
    .slice(1)
    .split('&')
    .filter((pair) => pair && !pair.startsWith(`${TESTING_TOKEN}=`))
  changed.search = [...rest, `${TESTING_TOKEN}=${encodeURIComponent(token)}`].join('&')
  return changed.href
}

function readOrigin(given: string): string {
  const text = given.includes('://') ? given : `https://${given}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOrigin = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  if (isOrigin && /^https?:$/.test(url.protocol)) return url.origin
  // Not repeated: it may hold a password.
  throw new InvalidRequestError(
    'invalid_request',
    'An origin is not of the form https://host or http://host:port',
  )
}
