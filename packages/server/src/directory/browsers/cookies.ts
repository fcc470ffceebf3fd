/**
 * Cookies by which an application's server knows who is signed in (wire reference, "Cookies"). Each is written
 * twice: with its plain name, and with a suffix that tells the instances of one host from each other.
 */
import { createHash } from 'node:crypto'
import { toSeconds, type Millis } from '../../core/time.ts'
import { publishableKeyOf, type FrontendOriginOf, type Instance } from '../instances/instance.ts'

/** A year: what they hold ends sooner, and says so itself. */
const KEPT_SECONDS = 31_536_000

function cookieSuffixOf(instance: Instance, originOf: FrontendOriginOf): string {
  const key = publishableKeyOf(instance, originOf)
  return createHash('sha1').update(key).digest('base64url').slice(0, 8)
}

const twice = (name: string, suffix: string, rest: string): string[] => [
  `${name}_${suffix}${rest}`,
  `${name}${rest}`,
]

/** For an application's own host: the session's JWT, or none. */
export const sessionCookies = (
  instance: Instance,
  originOf: FrontendOriginOf,
  jwt: string | null,
): string[] =>
  twice(
    '__session',
    cookieSuffixOf(instance, originOf),
    `=${jwt ?? ''}; Path=/; Max-Age=${jwt === null ? 0 : KEPT_SECONDS}; SameSite=Lax; Secure`,
  )

/**
 * When the newest session began, in seconds; 0 if nobody is signed in. A JWT that is older was of somebody else.
 *
 * @param domain of all hosts that are to see it; `null` for the one that sets it
 */
export const signedInSinceCookies = (
  instance: Instance,
  originOf: FrontendOriginOf,
  since: Millis | null,
  domain: string | null,
): string[] =>
  twice(
    '__client_uat',
    cookieSuffixOf(instance, originOf),
    `=${since === null ? 0 : toSeconds(since)}; Path=/;${inDomain(domain)} Max-Age=${KEPT_SECONDS}; SameSite=Lax; Secure`,
  )

/** What lets an application's server have a JWT renewed; no script can read it. */
export const refreshCookies = (
  instance: Instance,
  originOf: FrontendOriginOf,
  token: string | null,
  domain: string,
): string[] =>
  twice(
    '__refresh',
    cookieSuffixOf(instance, originOf),
    `=${token ?? ''}; Path=/;${inDomain(domain)} Max-Age=${token === null ? 0 : KEPT_SECONDS}; SameSite=Lax; Secure; HttpOnly`,
  )

const inDomain = (domain: string | null): string => (domain === null ? '' : ` Domain=${domain};`)
