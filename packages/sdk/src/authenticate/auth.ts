import type { M2MToken } from '../models.ts'
import type { ActiveVerdict, Actor, Kind } from '../verify/verdict.ts'

export type { Actor }

/** Fields that every answer has, so that a program may ask before it knows the kind. */
interface AuthFields {
  readonly isAuthenticated: boolean
  readonly tokenType: Kind | null
  /** Whom the token stands for: a machine or a user. */
  readonly subject: string | null
  readonly machineId: string | null
  readonly userId: string | null
  readonly sessionId: string | null
  /** Who acts as the user, if somebody does: to be shown, and to be refused what only the user may do. */
  readonly actor: Actor | null
  /** The machines that may verify an M2M token. Not permissions. */
  readonly scopes: readonly string[] | null
  /** The custom claims, letter for letter; of an opaque token any JSON. */
  readonly claims: unknown
}

/** Who asks with an M2M token: a machine. */
export interface M2MAuth extends AuthFields {
  readonly isAuthenticated: true
  readonly tokenType: 'm2m_token'
  /** Of the token: `mt_…`. */
  readonly id: string
  readonly subject: string
  readonly machineId: string
  readonly userId: null
  readonly sessionId: null
  readonly actor: null
  readonly scopes: readonly string[]
  /** Milliseconds since 1970; null if it never expires. */
  readonly expiresAt: number | null
  /** Whether the token was made for this machine (`mch_…`). */
  hasScope(machineId: string): boolean
}

/** Who asks with a machine token: a machine. */
export interface MachineAuth extends AuthFields {
  readonly isAuthenticated: true
  readonly tokenType: 'machine_token'
  /** Of the token: its `jti`. */
  readonly id: string
  readonly subject: string
  readonly machineId: string
  readonly userId: null
  readonly sessionId: null
  readonly actor: null
  readonly scopes: null
  readonly claims: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Who asks with a session token: a user, or an actor for one. */
export interface SessionAuth extends AuthFields {
  readonly isAuthenticated: true
  readonly tokenType: 'session_token'
  /** Of the token: its `jti`. */
  readonly id: string
  readonly subject: string
  readonly machineId: null
  readonly userId: string
  readonly sessionId: string
  readonly scopes: null
  readonly claims: Readonly<Record<string, unknown>>
  /** Everything that was signed. */
  readonly sessionClaims: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Nobody, as far as this request proves. */
export interface SignedOutAuth extends AuthFields {
  readonly isAuthenticated: false
  readonly tokenType: null
  readonly subject: null
  readonly machineId: null
  readonly userId: null
  readonly sessionId: null
  readonly actor: null
  readonly scopes: null
  readonly claims: null
}

interface AuthByKind {
  readonly m2m_token: M2MAuth
  readonly machine_token: MachineAuth
  readonly session_token: SessionAuth
}

/** Who a good token speaks for; `tokenType` tells which fields there are. */
export type Auth<K extends Kind = Kind> = AuthByKind[K]

const nobody = { machineId: null, userId: null, sessionId: null, actor: null, scopes: null } as const

export const SIGNED_OUT: SignedOutAuth = Object.freeze({
  isAuthenticated: false,
  tokenType: null,
  subject: null,
  claims: null,
  ...nobody,
})

/** Makes the answer of a JWT that is good. */
export function authOfJwt(verdict: ActiveVerdict): Auth {
  const { jti: id, subject, claims, expiresAt, payload } = verdict
  const fields = { ...nobody, isAuthenticated: true as const, id, subject, claims, expiresAt }
  if (verdict.kind === 'm2m_token') return m2mAuth({ ...fields, scopes: verdict.scopes })
  if (verdict.kind === 'machine_token') {
    return Object.freeze({ ...fields, tokenType: verdict.kind, machineId: subject })
  }
  const { kind: tokenType, sessionId, actor } = verdict
  return Object.freeze({ ...fields, tokenType, userId: subject, sessionId, actor, sessionClaims: payload })
}

/** Makes the answer of an opaque M2M token that the authority called good. */
export const authOfOpaque = ({ id, subject, claims, scopes, expiration: expiresAt }: M2MToken): M2MAuth =>
  m2mAuth({ id, subject, claims, scopes, expiresAt })

const m2mAuth = (fields: Pick<M2MAuth, 'id' | 'subject' | 'claims' | 'scopes' | 'expiresAt'>): M2MAuth =>
  Object.freeze({
    ...nobody,
    ...fields,
    isAuthenticated: true,
    tokenType: 'm2m_token',
    machineId: fields.subject,
    hasScope: (machineId: string) => fields.scopes.includes(machineId),
  })
