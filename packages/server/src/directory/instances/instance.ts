/**
 * Instances: the walls of a deployment. Every other thing belongs to one, and no id, key or token of one
 * means anything in another.
 */
import type { InstanceId, SecretKeyId } from '../../core/ids.ts'
import type { MacKeyId } from '../../core/secrets/master-key.ts'
import type { SecretPrefix } from '../../core/secrets/secrets.ts'
import type { Millis } from '../../core/time.ts'

/** `test` for development and CI, `live` for production: told apart by the prefix of their keys. */
export type Environment = 'test' | 'live'

export interface Instance {
  readonly id: InstanceId
  readonly name: string
  readonly environment: Environment
  /** Where its Frontend API and its public keys are, and what its JWTs name as issuer; `null`: this server's own URL. */
  readonly frontendOrigin: string | null
  /** Origins of applications whose pages may use its Frontend API. */
  readonly allowedOrigins: readonly string[]
  /** The application's sign-in page, which redeems tickets; `null`: the one of this authority. */
  readonly signInUrl: string | null
  /** Where people go on once they are signed in; `null`: nowhere. */
  readonly homeUrl: string | null
  /** Tokens issued until that instant are revoked, all of them. */
  readonly tokensNotBefore: Millis | null
  readonly createdAt: Millis
}

/** What an operator may change of how browsers use an instance. */
export type Browsing = Pick<Instance, 'allowedOrigins' | 'signInUrl' | 'homeUrl'>

/** An instance's key as it is kept: enough to derive the secret with the master key, and nothing without. */
export interface InstanceSecretKey {
  readonly id: SecretKeyId
  readonly instanceId: InstanceId
  readonly environment: Environment
  readonly macKeyId: MacKeyId
  readonly createdAt: Millis
  /** Set when a newer key replaces it. */
  readonly expiresAt: Millis | null
}

export const SECRET_KEY_PREFIXES = { test: 'sk_test_', live: 'sk_live_' } as const satisfies Record<
  Environment,
  SecretPrefix
>

/** Tells where an instance is reached from browsers. */
export type FrontendOriginOf = (instance: Instance) => string

export const frontendOrigins =
  (publicUrl: string): FrontendOriginOf =>
  ({ frontendOrigin }) =>
    frontendOrigin ?? publicUrl

/** Where a ticket is redeemed: the application's own page, else that of this authority. */
export function signInPageOf(instance: Instance, originOf: FrontendOriginOf, ticket: string): string {
  const page = new URL(instance.signInUrl ?? `${originOf(instance)}/sign-in`)
  page.searchParams.set('__clerk_ticket', ticket)
  return page.href
}

/**
 * The publishable key: where browsers find the instance, in standard base64 (wire reference,
 * "Publishable key"). Clients refuse a host without a dot.
 */
export function publishableKeyOf(instance: Instance, originOf: FrontendOriginOf): string {
  const { host } = new URL(originOf(instance))
  return `pk_${instance.environment}_${Buffer.from(`${host}$`).toString('base64')}`
}
