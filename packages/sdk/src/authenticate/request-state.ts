import type { InactiveReason, Kind } from '../verify/verdict.ts'
import { SIGNED_OUT, type Auth, type SignedOutAuth } from './auth.ts'
import type { Presented } from './presented.ts'

/** Why a request is not authenticated. For a log: the caller is told no more than the status. */
export type RefusalReason =
  | Extract<Presented, { token: null }>['reason']
  /** A good token of a kind that is not accepted here, or one that nothing here can verify. */
  | 'token-type-mismatch'
  /** Not of any form that the authority issues, or an opaque one that is not active. */
  | 'token-invalid'
  | 'token-invalid-signature'
  | 'token-invalid-issuer'
  | 'token-invalid-audience'
  | 'token-invalid-authorized-parties'
  | 'token-expired'
  | 'token-not-active-yet'
  | 'token-revoked'
  | 'jwk-kid-mismatch'
  | 'session-pending'
  /** `permits` said no. */
  | 'not-permitted'

/** Nobody: no token, none that is good, or none that is let in here. */
export interface Unauthenticated {
  readonly isAuthenticated: false
  readonly tokenType: null
  readonly reason: RefusalReason
  /** 403 for who is known and may not, and for a cookie that another site's page made the browser send. */
  readonly status: 401 | 403
  /** `WWW-Authenticate` (RFC 6750 section 3), for the answer. */
  readonly headers: Headers
  toAuth(): SignedOutAuth
}

/** One member for each kind, so that `tokenType` tells them apart. */
export type Authenticated<K extends Kind = Kind> = {
  readonly [Each in K]: {
    readonly isAuthenticated: true
    readonly tokenType: Each
    toAuth(): Auth<Each>
  }
}[K]

/** What a request turned out to be. */
export type RequestState<K extends Kind = Kind> = Authenticated<K> | Unauthenticated

export const accepted = (auth: Auth): RequestState =>
  ({ isAuthenticated: true, tokenType: auth.tokenType, toAuth: () => auth }) as RequestState

export function refused(reason: RefusalReason): Unauthenticated {
  const headers = new Headers()
  const challenge = CHALLENGES[reason as keyof typeof CHALLENGES] ?? 'Bearer error="invalid_token"'
  if (challenge !== null) headers.set('WWW-Authenticate', challenge)
  const status = FORBIDDEN.includes(reason) ? 403 : 401
  return { isAuthenticated: false, tokenType: null, reason, status, headers, toAuth: () => SIGNED_OUT }
}

const FORBIDDEN: readonly RefusalReason[] = ['not-permitted', 'session-cookie-cross-site']

/** Who presented nothing is told no error (RFC 6750 section 3.1). */
const CHALLENGES = {
  'token-missing': 'Bearer',
  'not-permitted': 'Bearer error="insufficient_scope"',
  'session-cookie-cross-site': 'Bearer',
} as const

/** The verifier's words in those of `authenticateRequest`, which clients know from Clerk's. */
export const REASONS: Readonly<Record<InactiveReason | 'not_active', RefusalReason>> = {
  malformed: 'token-invalid',
  not_active: 'token-invalid',
  wrong_kind: 'token-type-mismatch',
  unknown_key: 'jwk-kid-mismatch',
  bad_signature: 'token-invalid-signature',
  wrong_issuer: 'token-invalid-issuer',
  wrong_audience: 'token-invalid-audience',
  wrong_party: 'token-invalid-authorized-parties',
  expired: 'token-expired',
  not_yet_valid: 'token-not-active-yet',
  revoked: 'token-revoked',
}
