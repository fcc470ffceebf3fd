/**
 * M2M tokens: one service proves itself to another. A machine issues them with its own secret key; the
 * machines in its scopes may verify them. Two formats of one thing: an opaque secret that is derived from
 * the token's id, and a JWT. Both leave a record, so both can be listed, revoked and audited.
 */
import type { InstanceId, KeyId, M2mTokenId, MachineId } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import type { MacKeyId } from '../../core/secrets/master-key.ts'
import { isPast, millis, type Millis } from '../../core/time.ts'
import type { TokenState } from '../../core/verdict.ts'

export type M2mTokenFormat = 'opaque' | 'jwt'

/** An M2M token as it is kept. Nothing in it is a secret, nor enough to make one. */
export interface M2mToken {
  readonly id: M2mTokenId
  readonly instanceId: InstanceId
  /** The machine that issued it. */
  readonly subject: MachineId
  readonly format: M2mTokenFormat
  /** The machines that may verify it, fixed at issue: later scope edits do not reach it. */
  readonly scopes: readonly MachineId[]
  /** As given, whatever JSON it was. */
  readonly claims: Json
  readonly macKeyId: MacKeyId
  /** The key that signed it, for a JWT. */
  readonly signingKeyId: KeyId | null
  readonly expiresAt: Millis | null
  readonly revokedAt: Millis | null
  readonly revocationReason: string | null
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** Revocation outranks expiry, so an audit shows what a person decided. */
export const stateOf = (token: M2mToken, now: Millis): TokenState =>
  token.revokedAt !== null ? 'revoked' : isPast(token.expiresAt, now) ? 'expired' : 'active'

/** As it stands when everything that was issued until an instant is revoked. `null`: nothing is. */
export const revokedUntil = (token: M2mToken, notBefore: Millis | null): M2mToken =>
  token.revokedAt === null && isPast(token.createdAt, notBefore ?? millis(-1))
    ? { ...token, revokedAt: notBefore }
    : token

/** The `cat` that marks a JWT as an M2M token in its protected header (wire reference, "JWT categories"). */
export const M2M_JWT_CATEGORY = 'cl_B7d4PD333AAA'

/**
 * Claims that may not be asked for in a JWT. Six the authority alone writes. By the others clients know which page a
 * session is for and what it may do, or take a handshake's cookies; many published ones do not look at `cat`, and the
 * key is the same.
 */
// Sixteen lines would hide that there are two kinds.
// prettier-ignore
export const RESERVED_CLAIMS = [
  'iss', 'sub', 'exp', 'nbf', 'iat', 'jti',
  'azp', 'fea', 'fva', 'handshake', 'o', 'org_id', 'org_permissions', 'org_role', 'org_slug', 'pla',
] as const

/** Claims that the authority derives from the machine's scopes; asking for one has no effect. */
export const DERIVED_CLAIMS = ['aud', 'scopes'] as const
