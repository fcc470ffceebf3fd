/** What a verifier says of a token. All instants are milliseconds since 1970. */

/** The kinds of JWT; a token is of exactly one. */
export type Kind = 'm2m_token' | 'machine_token' | 'session_token'

/** Frozen, as is all that is in it, because everybody who presents the token again gets the same object. */
interface ActiveToken<K extends Kind> {
  readonly active: true
  readonly kind: K
  /** Whom it stands for: a machine (`mch_…`), or a user (`user_…`) for a session. */
  readonly subject: string
  readonly jti: string
  readonly issuer: string
  /** Empty if the token has no `aud`. */
  readonly audience: readonly string[]
  readonly issuedAt: number
  /** As `issuedAt` if the token has no `nbf`. */
  readonly notBefore: number
  /** Without the clock skew that is allowed. */
  readonly expiresAt: number
  /** The payload but for `iss`, `sub`, `iat`, `nbf`, `exp` and `jti`, as Clerk's clients have it. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Everything that was signed, as it was written: dates in seconds. */
  readonly payload: Readonly<Record<string, unknown>>
}

/** An M2M JWT that is good. */
export interface ActiveM2MToken extends ActiveToken<'m2m_token'> {
  /** The machines that may verify it. */
  readonly scopes: readonly string[]
}

/** A machine token that is good. */
export type ActiveMachineToken = ActiveToken<'machine_token'>

/** Who really acts as a user: `act` of a session token, letter for letter. */
export interface Actor {
  readonly sub: string
  /** What was said of the actor, such as `permissions`. */
  readonly [name: string]: unknown
}

/** A session token that is good. */
export interface ActiveSessionToken extends ActiveToken<'session_token'> {
  readonly sessionId: string
  /** The origin it was made for. */
  readonly authorizedParty: string | null
  /** Who acts as the user, if somebody does. */
  readonly actor: Actor | null
}

/** A JWT of any kind that is good. */
export type ActiveVerdict = ActiveM2MToken | ActiveMachineToken | ActiveSessionToken

/** For a log; a caller who presents a token should not be told. */
export type InactiveReason =
  /** Not a JWT as this authority writes them. */
  | 'malformed'
  /** A JWT of no kind that was asked for. */
  | 'wrong_kind'
  /** The issuer has no such key, or none that is strong enough. */
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'wrong_party'
  | 'expired'
  | 'not_yet_valid'
  | 'revoked'

/** A token that is not good. */
export interface Inactive<Reason extends string = InactiveReason> {
  readonly active: false
  readonly reason: Reason
}

/** What a verifier says of a JWT. */
export type Verdict<K extends Kind = Kind> = Extract<ActiveVerdict, { kind: K }> | Inactive

export const inactive = <Reason extends string>(reason: Reason): Inactive<Reason> => ({
  active: false,
  reason,
})
