/**
 * What the authority's operations take and give. Made from its OpenAPI document by `npm run docs`: a change
 * belongs there. Instants are Unix time in milliseconds where nothing else is said.
 */

/** The resource `machine_to_machine_token` as the authority gives it. */
export interface IssuedM2MToken {
  readonly object: 'machine_to_machine_token'
  readonly id: string
  /** The machine that issued it. */
  readonly subject: string
  /** As given at issue, or null. */
  readonly claims: unknown
  /** The machines that may verify it. */
  readonly scopes: readonly (string)[]
  readonly revoked: boolean
  readonly revocationReason: string | null
  readonly expired: boolean
  /** Unix time in milliseconds; null if it never expires. */
  readonly expiration: number | null
  readonly lastUsedAt: number | null
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  /** The secret itself. Only here. */
  readonly token: string
}

/** The resource `machine_to_machine_token` as the authority gives it. */
export interface M2MToken {
  readonly object: 'machine_to_machine_token'
  readonly id: string
  /** The machine that issued it. */
  readonly subject: string
  /** As given at issue, or null. */
  readonly claims: unknown
  /** The machines that may verify it. */
  readonly scopes: readonly (string)[]
  readonly revoked: boolean
  readonly revocationReason: string | null
  readonly expired: boolean
  /** Unix time in milliseconds; null if it never expires. */
  readonly expiration: number | null
  readonly lastUsedAt: number | null
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
}

/** The resource `actor_token` as the authority gives it. */
export interface ActorToken {
  readonly object: 'actor_token'
  readonly id: string
  readonly status: 'pending' | 'accepted' | 'revoked'
  readonly userId: string
  readonly actor: { readonly [name: string]: unknown }
  /** The ticket. Only in the answer to its creation. */
  readonly token?: string
  /** The link that redeems the ticket. Only in the answer to its creation. */
  readonly url?: string
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
}

/** The resource `testing_token` as the authority gives it. */
export interface TestingToken {
  readonly object: 'testing_token'
  /** The secret itself. Only here. */
  readonly token: string
  /** Unix time in seconds. */
  readonly expiresAt: number
}

/** The resource `testing_token` as the authority gives it. */
export interface VerifiedTestingToken {
  readonly object: 'testing_token'
  readonly id: string
  /** Unix time in seconds. */
  readonly expiresAt: number
}

/** The resource `token` as the authority gives it. */
export interface MachineToken {
  readonly object: 'token'
  readonly jwt: string
}

/** The resource `machine` as the authority gives it. */
export interface Machine {
  readonly object: 'machine'
  readonly id: string
  readonly name: string
  readonly instanceId: string
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  /** Seconds. Absent if the machine was given none. */
  readonly defaultTokenTtl?: number
  readonly scopedMachines: readonly (ScopedMachine)[]
}

/** The resource `machine` as the authority gives it. */
export interface ScopedMachine {
  readonly object: 'machine'
  readonly id: string
  readonly name: string
  readonly instanceId: string
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  /** Seconds. Absent if the machine was given none. */
  readonly defaultTokenTtl?: number
}

/** The resource `machine` as the authority gives it. */
export interface CreatedMachine {
  readonly object: 'machine'
  readonly id: string
  readonly name: string
  readonly instanceId: string
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  /** Seconds. Absent if the machine was given none. */
  readonly defaultTokenTtl?: number
  readonly scopedMachines: readonly (ScopedMachine)[]
  /** Shown here; afterwards by its own endpoint. */
  readonly secretKey: string
}

/** The resource `machine_secret_key` as the authority gives it. */
export interface MachineSecretKey {
  readonly object: 'machine_secret_key'
  readonly secret: string
}

/** The resource `machine_scope` as the authority gives it. */
export interface MachineScope {
  readonly object: 'machine_scope'
  readonly fromMachineId: string
  readonly toMachineId: string
  /** Unix time in milliseconds */
  readonly createdAt: number
}

/** The resource `user` as the authority gives it. */
export interface User {
  readonly id: string
  readonly object: 'user'
  readonly username: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly imageUrl: string
  readonly hasImage: false
  readonly primaryEmailAddressId: string | null
  readonly primaryPhoneNumberId: string | null
  readonly primaryWeb3WalletId: null
  readonly passwordEnabled: false
  readonly twoFactorEnabled: false
  readonly totpEnabled: false
  readonly backupCodeEnabled: false
  readonly emailAddresses: readonly ({
  readonly id: string
  readonly reserved: false
  readonly verification: null
  readonly linkedTo: readonly (unknown)[]
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  readonly object: 'email_address'
  readonly emailAddress: string
})[]
  readonly phoneNumbers: readonly ({
  readonly id: string
  readonly reserved: false
  readonly verification: null
  readonly linkedTo: readonly (unknown)[]
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  readonly object: 'phone_number'
  readonly phoneNumber: string
})[]
  readonly web3Wallets: readonly (unknown)[]
  readonly passkeys: readonly (unknown)[]
  readonly externalAccounts: readonly (unknown)[]
  readonly samlAccounts: readonly (unknown)[]
  readonly enterpriseAccounts: readonly (unknown)[]
  readonly publicMetadata: { readonly [name: string]: unknown }
  readonly privateMetadata: { readonly [name: string]: unknown }
  readonly unsafeMetadata: { readonly [name: string]: unknown }
  readonly externalId: string | null
  readonly lastSignInAt: number | null
  readonly banned: false
  readonly locked: false
  readonly lockoutExpiresInSeconds: null
  readonly verificationAttemptsRemaining: null
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
  readonly deleteSelfEnabled: false
  readonly createOrganizationEnabled: false
  readonly lastActiveAt: number | null
  readonly mfaEnabledAt: null
  readonly mfaDisabledAt: null
  readonly legalAcceptedAt: null
}

/** The resource as the authority gives it. */
export interface JWKS {
  readonly keys: readonly ({
  readonly use: 'sig'
  readonly kty: 'RSA'
  readonly kid: string
  readonly alg: 'RS256'
  readonly n: string
  readonly e: string
})[]
}

/** The resource `signing_key` as the authority gives it. */
export interface SigningKey {
  readonly object: 'signing_key'
  /** The `kid` of what it signs. */
  readonly id: string
  readonly alg: 'RS256'
  /** `next`: published, does not sign yet. `active`: signs. `retiring`: signs no more, still published and accepted. `retired` and `revoked`: neither. */
  readonly state: 'next' | 'active' | 'retiring' | 'retired' | 'revoked'
  /** SPKI in PEM, as `CLERK_JWT_KEY` wants it. */
  readonly publicKey: string
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly activeFrom: number
  readonly retiresAt: number | null
  readonly revokedAt: number | null
}

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

/** What `m2mTokens.list` gives. */
export interface M2mTokensListResponse {
  readonly m2mTokens: readonly (M2MToken)[]
  readonly totalCount: number
}

/** What `m2mTokens.revoke` takes. */
export interface M2mTokensRevokeRequest {
  readonly m2mTokenId: string
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
}

/** What `actorTokens.revoke` takes. */
export interface ActorTokensRevokeRequest {
  readonly actorTokenId: string
}

/** What `testingTokens.verify` takes. */
export interface TestingTokensVerifyRequest {
  readonly token: string
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

/** What `machines.list` gives. */
export interface MachinesListResponse {
  readonly data: readonly (Machine)[]
  readonly totalCount: number
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

/** What `machines.delete` gives. */
export interface MachinesDeleteResponse {
  readonly object: 'machine'
  readonly id: string
  readonly deleted: true
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

/** What `machines.deleteScope` gives. */
export interface MachinesDeleteScopeResponse {
  readonly object: 'machine_scope'
  readonly fromMachineId: string
  readonly toMachineId: string
  readonly deleted: true
}

/** What `users.list` takes. */
export interface UsersListRequest {
  readonly limit?: number
  readonly offset?: number
  readonly userId?: readonly (string)[]
  readonly emailAddress?: readonly (string)[]
  readonly phoneNumber?: readonly (string)[]
  readonly username?: readonly (string)[]
  readonly externalId?: readonly (string)[]
  /** A part of an id, name or identifier, in any case. */
  readonly query?: string
  readonly orderBy?: 'created_at' | '+created_at' | '-created_at' | 'updated_at' | '+updated_at' | '-updated_at'
}

/** What `users.list` gives. */
export type UsersListResponse = readonly (User)[]

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
  readonly userId?: readonly (string)[]
  readonly emailAddress?: readonly (string)[]
  readonly phoneNumber?: readonly (string)[]
  readonly username?: readonly (string)[]
  readonly externalId?: readonly (string)[]
  /** A part of an id, name or identifier, in any case. */
  readonly query?: string
  readonly orderBy?: string
}

/** What `users.count` gives. */
export interface UsersCountResponse {
  readonly object: 'total_count'
  readonly totalCount: number
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

/** What `users.delete` gives. */
export interface UsersDeleteResponse {
  readonly object: 'user'
  readonly id: string
  readonly deleted: true
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

/** What `signingKeys.list` gives. */
export interface SigningKeysListResponse {
  readonly data: readonly (SigningKey)[]
  readonly totalCount: number
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
