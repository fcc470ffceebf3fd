/**
 * What verification says. A refused token is an answer, not an error: only a store that cannot answer
 * makes a verifier throw (ADR 0003).
 */

/** Why a token is not active. For the operator's log and, on request, for the instance's own key holder. */
export const INACTIVE_REASONS = [
  'malformed',
  'wrong_kind',
  'bad_signature',
  'unknown',
  'not_yet_valid',
  'not_in_scope',
  'machine_deleted',
  'wrong_environment',
  'revoked',
  'expired',
  'used_up',
] as const

export type InactiveReason = (typeof INACTIVE_REASONS)[number]

export type Verdict<Token> =
  | { readonly active: true; readonly token: Token }
  | { readonly active: false; readonly reason: InactiveReason }

export const active = <Token>(token: Token): Verdict<Token> => ({ active: true, token })

export const inactive = (
  reason: InactiveReason,
): { readonly active: false; readonly reason: InactiveReason } => ({
  active: false,
  reason,
})

/** What a stored token is at a moment. Revocation outranks expiry, so an audit shows what a person decided. */
export type TokenState = 'active' | 'revoked' | 'expired'
