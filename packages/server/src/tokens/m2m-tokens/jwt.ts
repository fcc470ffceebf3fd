import type { KeyObject } from 'node:crypto'
import { claimIn } from '../../core/claim-names.ts'
import type { KeyId } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { millis, toSeconds, type Millis } from '../../core/time.ts'
import { signJwt, type Jwt } from '../../signing/jws.ts'
import { DERIVED_CLAIMS, M2M_JWT_CATEGORY, RESERVED_CLAIMS, type M2mToken } from './m2m-token.ts'

/**
 * Writes the token as a JWT. The authority's claims come last and win, whatever was checked before; `aud` and `scopes`
 * are there only for a scoped machine, because an empty one makes clients see a scope with no name (wire reference,
 * "M2M JWT").
 */
export function m2mJwtOf(
  token: M2mToken & { readonly expiresAt: Millis },
  now: Millis,
  issuer: string,
  signer: { id: KeyId; key: KeyObject },
): Promise<string> {
  const issuedAt = toSeconds(now)
  const standard = {
    iss: issuer,
    sub: token.subject,
    ...(token.scopes.length > 0 && { aud: token.scopes, scopes: token.scopes.join(' ') }),
    iat: issuedAt,
    nbf: issuedAt,
    exp: toSeconds(token.expiresAt),
    jti: token.id,
  }
  const claims = token.claims as JsonObject | null
  const payload = claims === null ? standard : { ...customClaims(claims), ...standard }
  return signJwt({ cat: M2M_JWT_CATEGORY, kid: signer.id }, payload, signer.key)
}

/** A JWT's dates are whole seconds; it expires on one, and not before it was issued. */
export const jwtExpiry = (issuedAt: Millis, expiresAt: Millis): Millis =>
  millis(Math.max(toSeconds(expiresAt), toSeconds(issuedAt) + 1) * 1000)

/** Marks that tell this kind from the others before a key is asked for. */
export const isM2mJwt = ({ header, payload }: Jwt): boolean =>
  header.cat === M2M_JWT_CATEGORY &&
  typeof payload.jti === 'string' &&
  payload.jti.startsWith('mt_') &&
  typeof payload.sub === 'string' &&
  payload.sub.startsWith('mch_')

/** The first claim that may not be asked for. */
export const reservedClaimIn = (claims: JsonObject): string | undefined =>
  claimIn(claims, RESERVED_CLAIMS) ?? claimIn(customClaims(claims), DERIVED_CLAIMS)

function customClaims(claims: JsonObject): JsonObject {
  const derived: readonly string[] = DERIVED_CLAIMS
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !derived.includes(name)))
}
