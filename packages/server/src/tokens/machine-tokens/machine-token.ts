/**
 * Machine tokens: short-lived JWTs that a machine carries. Nothing is kept of them, so nothing can list
 * or revoke them: they end by expiring. The machine they name need not be known here.
 */
import type { JsonObject } from '../../core/json.ts'
import type { Seconds } from '../../core/time.ts'

export interface MachineToken {
  readonly subject: string
  /** 20 hex digits, which no other kind's `jti` has. */
  readonly jti: string
  readonly issuedAt: Seconds
  readonly notBefore: Seconds
  readonly expiresAt: Seconds
  readonly claims: JsonObject
}

/**
 * The `cat` in the protected header. `current` is that of M2M tokens, which today's clients verify;
 * `legacy` is the one machine tokens had, which they refuse (wire reference, "JWT categories").
 */
export const MACHINE_JWT_CATEGORIES = { current: 'cl_B7d4PD333AAA', legacy: 'cl_B7d4PD222AAA' } as const

export type MachineJwtCategory = keyof typeof MACHINE_JWT_CATEGORIES

export const RESERVED_CLAIMS = ['exp', 'iat', 'iss', 'jti', 'nbf', 'sub'] as const

export const SUBJECT_PATTERN = /^mch_[A-Za-z0-9_]+$/
export const JTI_PATTERN = /^[0-9a-f]{20}$/
