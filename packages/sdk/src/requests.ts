/**
 * What the operations of the authority take. Made from the authority's OpenAPI document by `npm run docs`: a change belongs there. Instants are
 * Unix time in milliseconds where nothing else is said.
 */

/** What `m2mTokens.create` takes. */
export interface M2mTokensCreateRequest {
  readonly tokenFormat?: 'opaque' | 'jwt'
  /** Null or absent: the machine's default; without one an opaque token does not expire and a JWT does after an hour. */
  readonly secondsUntilExpiration?: number | null
  /** Any JSON for an opaque token, an object for a JWT. */
  readonly claims?: unknown
  /** Return a token issued before, if one is alike and lives at least this long. Ignored for a JWT. */
  readonly minRemainingTtlSeconds?: number | null
}

/** What `m2mTokens.list` takes. */
export interface M2mTokensListRequest {
  readonly limit?: number
  readonly offset?: number
  readonly subject: string
  readonly revoked?: boolean
  readonly expired?: boolean
  readonly tokenFormat?: 'opaque' | 'jwt'
}

/** What `m2mTokens.revoke` takes. */
export interface M2mTokensRevokeRequest {
  readonly m2mTokenId: string
  readonly revocationReason?: string | null
}

/** What `m2mTokens.revokeAll` takes. */
export interface M2mTokensRevokeAllRequest {
  /** Those that this machine issued. */
  readonly subject?: string | null
  /** The JWTs that this key signed, machine tokens too. */
  readonly signingKeyId?: string | null
  /** Those issued before that instant, which must not be to come. Default: all until now. */
  readonly issuedBefore?: number | null
  /** Only count them. */
  readonly dryRun?: boolean
  readonly revocationReason?: string | null
}

/** What `m2mTokens.verify` takes. */
export interface M2mTokensVerifyRequest {
  readonly token?: string
  readonly secret?: string
}

/** What `actorTokens.create` takes. */
export interface ActorTokensCreateRequest {
  readonly userId: string
  readonly actor: { readonly sub: string; readonly [name: string]: unknown }
  readonly expiresInSeconds?: number
  readonly sessionMaxDurationInSeconds?: number
  /** Why, for the audit log. An extension. */
  readonly reason?: string | null
  /** Where the reason is written down, such as the number of a support ticket. An extension. */
  readonly ticket?: string | null
  /** What the actor may do, for the application to judge: copied into `act`. An extension. */
  readonly permissions?: readonly (string)[] | null
}

/** What `actorTokens.list` takes. */
export interface ActorTokensListRequest {
  readonly limit?: number
  readonly offset?: number
  readonly userId?: string
  readonly status?: 'pending' | 'accepted' | 'revoked'
}

/** What `actorTokens.get` takes. */
export interface ActorTokensGetRequest {
  readonly actorTokenId: string
}

/** What `actorTokens.revoke` takes. */
export interface ActorTokensRevokeRequest {
  readonly actorTokenId: string
}

/** What `actorTokens.end` takes. */
export interface ActorTokensEndRequest {
  readonly actorTokenId: string
  readonly reason?: string | null
}

/** What `signInTokens.create` takes. */
export interface SignInTokensCreateRequest {
  readonly userId: string
  readonly expiresInSeconds?: number | null
  readonly orgId?: null
}

/** What `signInTokens.revoke` takes. */
export interface SignInTokensRevokeRequest {
  readonly signInTokenId: string
}

/** What `testingTokens.create` takes. */
export interface TestingTokensCreateRequest {
  /** An extension. */
  readonly expiresInSeconds?: number
  /** What to call it. An extension. */
  readonly label?: string | null
  /** How often it may let a request past. An extension. */
  readonly maxUses?: number | null
}

/** What `testingTokens.list` takes. */
export interface TestingTokensListRequest {
  readonly limit?: number
  readonly offset?: number
}

/** What `testingTokens.verify` takes. */
export interface TestingTokensVerifyRequest {
  readonly token: string
}

/** What `testingTokens.get` takes. */
export interface TestingTokensGetRequest {
  readonly testingTokenId: string
}

/** What `testingTokens.revoke` takes. */
export interface TestingTokensRevokeRequest {
  readonly testingTokenId: string
}

/** What `machineTokens.create` takes. */
export interface MachineTokensCreateRequest {
  readonly machineId: string
  readonly claims?: { readonly [name: string]: unknown } | null
  /** 30 if null or absent. */
  readonly expiresInSeconds?: number | null
  /** Seconds, 5 if null or absent. */
  readonly allowedClockSkew?: number | null
}

/** What `machines.list` takes. */
export interface MachinesListRequest {
  readonly limit?: number
  readonly offset?: number
  /** An exact id or part of a name. */
  readonly query?: string
  readonly orderBy?: 'name' | '+name' | '-name' | 'created_at' | '+created_at' | '-created_at'
}

/** What `machines.create` takes. */
export interface MachinesCreateRequest {
  readonly name: string
  readonly scopedMachines?: readonly (string)[] | null
  readonly defaultTokenTtl?: number | null
}

/** What `machines.get` takes. */
export interface MachinesGetRequest {
  readonly machineId: string
}

/** What `machines.update` takes. */
export interface MachinesUpdateRequest {
  readonly machineId: string
  readonly name?: string
  readonly defaultTokenTtl?: number
}

/** What `machines.delete` takes. */
export interface MachinesDeleteRequest {
  readonly machineId: string
}

/** What `machines.getSecretKey` takes. */
export interface MachinesGetSecretKeyRequest {
  readonly machineId: string
}

/** What `machines.rotateSecretKey` takes. */
export interface MachinesRotateSecretKeyRequest {
  readonly machineId: string
  /** Seconds for which the key until now stays good; 0 ends it at once. */
  readonly previousTokenTtl: number
}

/** What `machines.createScope` takes. */
export interface MachinesCreateScopeRequest {
  readonly machineId: string
  readonly toMachineId: string
}

/** What `machines.deleteScope` takes. */
export interface MachinesDeleteScopeRequest {
  readonly machineId: string
  readonly otherMachineId: string
}

/** What `users.list` takes. */
export interface UsersListRequest {
  readonly limit?: number
  readonly offset?: number
  /** With `-` before an id: everybody but that user. */
  readonly userId?: readonly (string)[]
  readonly emailAddress?: readonly (string)[]
  readonly phoneNumber?: readonly (string)[]
  readonly username?: readonly (string)[]
  readonly externalId?: readonly (string)[]
  /** A part of an id, name or identifier, in any case. */
  readonly query?: string
  readonly orderBy?: 'created_at' | '+created_at' | '-created_at' | 'updated_at' | '+updated_at' | '-updated_at'
}

/** What `users.create` takes. */
export interface UsersCreateRequest {
  readonly externalId?: string | null
  readonly username?: string | null
  readonly firstName?: string | null
  readonly lastName?: string | null
  readonly publicMetadata?: { readonly [name: string]: unknown }
  readonly privateMetadata?: { readonly [name: string]: unknown }
  readonly unsafeMetadata?: { readonly [name: string]: unknown }
  readonly emailAddress?: readonly (string)[]
  readonly phoneNumber?: readonly (string)[]
}

/** What `users.count` takes. */
export interface UsersCountRequest {
  readonly limit?: number
  readonly offset?: number
  /** With `-` before an id: everybody but that user. */
  readonly userId?: readonly (string)[]
  readonly emailAddress?: readonly (string)[]
  readonly phoneNumber?: readonly (string)[]
  readonly username?: readonly (string)[]
  readonly externalId?: readonly (string)[]
  /** A part of an id, name or identifier, in any case. */
  readonly query?: string
  readonly orderBy?: string
}

/** What `users.get` takes. */
export interface UsersGetRequest {
  readonly userId: string
}

/** What `users.update` takes. */
export interface UsersUpdateRequest {
  readonly userId: string
  readonly externalId?: string | null
  readonly username?: string | null
  readonly firstName?: string | null
  readonly lastName?: string | null
  readonly publicMetadata?: { readonly [name: string]: unknown }
  readonly privateMetadata?: { readonly [name: string]: unknown }
  readonly unsafeMetadata?: { readonly [name: string]: unknown }
}

/** What `users.delete` takes. */
export interface UsersDeleteRequest {
  readonly userId: string
}

/** What `users.replaceMetadata` takes. */
export interface UsersReplaceMetadataRequest {
  readonly userId: string
  readonly publicMetadata?: { readonly [name: string]: unknown }
  readonly privateMetadata?: { readonly [name: string]: unknown }
  readonly unsafeMetadata?: { readonly [name: string]: unknown }
}

/** What `users.mergeMetadata` takes. */
export interface UsersMergeMetadataRequest {
  readonly userId: string
  readonly publicMetadata?: { readonly [name: string]: unknown }
  readonly privateMetadata?: { readonly [name: string]: unknown }
  readonly unsafeMetadata?: { readonly [name: string]: unknown }
}

/** What `sessions.list` takes. */
export interface SessionsListRequest {
  readonly limit?: number
  readonly offset?: number
  readonly clientId?: string
  readonly userId?: string
  readonly status?: 'active' | 'revoked' | 'ended' | 'expired' | 'removed' | 'abandoned' | 'replaced'
  readonly paginated?: boolean
}

/** What `sessions.create` takes. */
export interface SessionsCreateRequest {
  readonly userId: string
  readonly activeOrganizationId?: null
}

/** What `sessions.verifyToken` takes. */
export interface SessionsVerifyTokenRequest {
  readonly token: string
}

/** What `sessions.get` takes. */
export interface SessionsGetRequest {
  readonly sessionId: string
}

/** What `sessions.revoke` takes. */
export interface SessionsRevokeRequest {
  readonly sessionId: string
}

/** What `sessions.createToken` takes. */
export interface SessionsCreateTokenRequest {
  readonly sessionId: string
  readonly expiresInSeconds?: number | null
}

/** What `sessions.refresh` takes. */
export interface SessionsRefreshRequest {
  readonly sessionId: string
  readonly expiredToken: string
  readonly refreshToken: string
  readonly requestOrigin: string
  readonly requestHeaders?: unknown
  readonly requestOriginatingIp?: string | null
  readonly format?: 'token' | 'cookie'
  readonly suffixedCookies?: boolean | null
}

/** What `signingKeys.rotate` takes. */
export interface SigningKeysRotateRequest {
  /** How long the new key is published before it signs. */
  readonly activateInSeconds?: number
  /** How long the key until then stays published and accepted once the new one signs. What it signed is refused afterwards, so it should be as long as the longest JWT lives. */
  readonly overlapSeconds?: number
}

/** What `signingKeys.revoke` takes. */
export interface SigningKeysRevokeRequest {
  readonly keyId: string
}
