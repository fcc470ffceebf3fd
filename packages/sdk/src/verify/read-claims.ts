import { isObject, isText, type JsonObject } from './strict-json.ts'
import type { ActiveVerdict, Kind } from './verdict.ts'

/**
 * Makes a verdict of a payload whose signature is good, before anybody compared it with what they expect.
 *
 * @param category `cat` of the protected header
 */
export function readClaims(
  category: unknown,
  payload: JsonObject,
): ActiveVerdict | 'malformed' | 'wrong_kind' {
  const { iss, sub, jti, iat, exp, nbf = iat, aud = [] } = payload
  const audience = typeof aud === 'string' ? [aud] : aud
  if (![iss, sub, jti].every(isText) || ![iat, exp, nbf].every(isDate) || !isTexts(audience))
    return 'malformed'
  const kind = kindOf(category, payload)
  if (!kind) return 'wrong_kind'
  const details = detailsOf(kind, payload, audience)
  if (!details) return 'malformed'
  const claims = Object.entries(payload).filter(([name]) => !STANDARD.includes(name))
  return Object.freeze({
    active: true,
    kind,
    subject: sub,
    jti,
    issuer: iss,
    audience: Object.freeze(audience),
    issuedAt: (iat as number) * 1000,
    notBefore: (nbf as number) * 1000,
    expiresAt: (exp as number) * 1000,
    ...details,
    claims: Object.freeze(Object.fromEntries(claims)),
    payload,
  }) as ActiveVerdict
}

/** As Clerk's clients have it; all others are `claims`. */
const STANDARD = ['iss', 'sub', 'iat', 'nbf', 'exp', 'jti']

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)

/** A NumericDate as the authority writes it: whole seconds, in the range that JavaScript dates have. */
const isDate = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 8.64e12

const M2M = 'cl_B7d4PD333AAA'
const MACHINE = 'cl_B7d4PD222AAA'
const SESSION = 'cl_B7d4PD111AAA'

/**
 * By default a machine token has the category of M2M tokens; the forms of `jti` have nothing in common
 * (wire reference, "JWT categories").
 */
function kindOf(category: unknown, payload: JsonObject): Kind | undefined {
  const { sub, jti, sid } = payload as Readonly<Record<string, string>>
  if (category === SESSION || category === undefined) {
    return /^user_\w+$/.test(sub!) && isText(sid) ? 'session_token' : undefined
  }
  if (!/^mch_\w+$/.test(sub!)) return undefined
  if (category === M2M && /^mt_\w+$/.test(jti!)) return 'm2m_token'
  return (category === M2M || category === MACHINE) && /^[\da-f]{20}$/.test(jti!)
    ? 'machine_token'
    : undefined
}

/** The fields that only one kind has; `undefined` if a claim has not the type that it must have. */
function detailsOf(kind: Kind, payload: JsonObject, audience: readonly string[]): object | undefined {
  const { scopes = audience.join(' '), sid, azp = null, act = null } = payload
  if (kind === 'machine_token') return {}
  if (kind === 'm2m_token') {
    return typeof scopes === 'string'
      ? { scopes: Object.freeze(scopes.split(' ').filter(Boolean)) }
      : undefined
  }
  const isSound = (azp === null || isText(azp)) && (act === null || (isObject(act) && isText(act.sub)))
  return isSound ? { sessionId: sid, authorizedParty: azp, actor: act } : undefined
}
