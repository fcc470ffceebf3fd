/**
 * What the authority keeps or makes. Made from the authority's OpenAPI document by `npm run docs`: a change belongs there. Instants are
 * Unix time in milliseconds where nothing else is said.
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

/** The resource `m2m_token_revocation` as the authority gives it. */
export interface M2MTokenRevocation {
  readonly object: 'm2m_token_revocation'
  readonly subject: string | null
  readonly signingKeyId: string | null
  /** What was issued until then is revoked. */
  readonly revokedUntil: number
  readonly dryRun: boolean
  /** How many tokens that are good now; only counted in a dry run. */
  readonly count: number | null
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

/** The resource `actor_token` as the authority gives it. */
export interface Impersonation {
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
  readonly reason: string | null
  /** What it was given as a reference, such as a support ticket. */
  readonly ticket: string | null
  readonly permissions: readonly (string)[] | null
  /** Unix time in milliseconds */
  readonly expiresAt: number
  readonly sessionMaxDurationInSeconds: number
  /** The session that it opened. */
  readonly session: Session | null
}

/** The resource `session` as the authority gives it. */
export interface Session {
  readonly object: 'session'
  readonly id: string
  readonly userId: string
  /** The browser it lives in. */
  readonly clientId: string
  readonly actor: { readonly [name: string]: unknown } | null
  readonly status: 'active' | 'revoked' | 'ended' | 'expired' | 'removed' | 'abandoned' | 'replaced'
  readonly lastActiveOrganizationId: null
  /** Unix time in milliseconds */
  readonly lastActiveAt: number
  readonly latestActivity: {
  readonly object: 'session_activity'
  readonly id: string
  readonly deviceType: null
  readonly isMobile: false
  readonly browserName: null
  readonly browserVersion: null
  readonly ipAddress: string | null
  readonly city: null
  readonly country: null
}
  /** When it ends, however active it is. Unix time in milliseconds. */
  readonly expireAt: number
  /** When it ends without activity. Unix time in milliseconds. */
  readonly abandonAt: number
  /** Unix time in milliseconds */
  readonly createdAt: number
  /** Unix time in milliseconds */
  readonly updatedAt: number
}

/** The resource `sign_in_token` as the authority gives it. */
export interface SignInToken {
  readonly object: 'sign_in_token'
  readonly id: string
  readonly status: 'pending' | 'accepted' | 'revoked'
  readonly userId: string
  /** The ticket. Only in the answer to its creation. */
  readonly token?: string
  /** The page that redeems the ticket. Only in the answer to its creation. */
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
export interface TestingTokenDetails {
  readonly object: 'testing_token'
  readonly id: string
  readonly label: string | null
  readonly maxUses: number | null
  /** How often it was used; counted only where there is a limit. */
  readonly uses: number
  readonly revokedAt: number | null
  /** Unix time in seconds. */
  readonly expiresAt: number
  /** Unix time in milliseconds */
  readonly createdAt: number
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

/** The resource `token` as the authority gives it. */
export interface SessionToken {
  readonly object: 'token'
  readonly jwt: string
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
