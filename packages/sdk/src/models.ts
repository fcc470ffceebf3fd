/**
 * What the operations of the authority take and give. Made from the authority's OpenAPI document by `npm run docs`: a change belongs there. Instants are
 * Unix time in milliseconds where nothing else is said.
 */

import type { M2MToken, Impersonation, TestingTokenDetails, Machine, User, Session, SessionToken, SigningKey } from './resources.ts'

export type * from './requests.ts'
export type * from './resources.ts'

/** What `m2mTokens.list` gives. */
export interface M2mTokensListResponse {
  readonly m2mTokens: readonly (M2MToken)[]
  readonly totalCount: number
}

/** What `actorTokens.list` gives. */
export interface ActorTokensListResponse {
  readonly data: readonly (Impersonation)[]
  readonly totalCount: number
}

/** What `testingTokens.list` gives. */
export interface TestingTokensListResponse {
  readonly data: readonly (TestingTokenDetails)[]
  readonly totalCount: number
}

/** What `machines.list` gives. */
export interface MachinesListResponse {
  readonly data: readonly (Machine)[]
  readonly totalCount: number
}

/** What `machines.delete` gives. */
export interface MachinesDeleteResponse {
  readonly object: 'machine'
  readonly id: string
  readonly deleted: true
}

/** What `machines.deleteScope` gives. */
export interface MachinesDeleteScopeResponse {
  readonly object: 'machine_scope'
  readonly fromMachineId: string
  readonly toMachineId: string
  readonly deleted: true
}

/** What `users.list` gives. */
export type UsersListResponse = readonly (User)[]

/** What `users.count` gives. */
export interface UsersCountResponse {
  readonly object: 'total_count'
  readonly totalCount: number
}

/** What `users.delete` gives. */
export interface UsersDeleteResponse {
  readonly object: 'user'
  readonly id: string
  readonly deleted: true
}

/** What `sessions.list` gives. */
export type SessionsListResponse = readonly (Session)[] | {
  readonly data: readonly (Session)[]
  readonly totalCount: number
}

/** What `sessions.refresh` gives. */
export type SessionsRefreshResponse = SessionToken | {
  readonly object: 'cookies'
  readonly cookies: readonly (string)[]
}

/** What `signingKeys.list` gives. */
export interface SigningKeysListResponse {
  readonly data: readonly (SigningKey)[]
  readonly totalCount: number
}
