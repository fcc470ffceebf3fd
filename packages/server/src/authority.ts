/**
 * The authority: every use case, bound to its ports. No HTTP here and no database; `http/` puts a wire
 * on it and `server/` composes it.
 */
import type { IdSource } from './core/ids.ts'
import type { KeyRing } from './core/secrets/master-key.ts'
import type { Route } from './core/operation.ts'
import type { Random } from './core/secrets/random.ts'
import { createSecretReader } from './core/secrets/secrets.ts'
import type { Clock, Millis, Seconds } from './core/time.ts'
import { frontendOrigins } from './directory/instances/instance.ts'
import { machineRoutes } from './directory/machines/routes.ts'
import { sessionRoutes } from './directory/sessions/routes.ts'
import { userRoutes } from './directory/users/routes.ts'
import { createFrontend } from './frontend/frontend.ts'
import { jwksRoutes } from './signing/jwks.ts'
import { createKeys } from './signing/keys.ts'
import { signingKeyRoutes } from './signing/routes.ts'
import type { Storage } from './storage/storage.ts'
import { actorTokenRoutes } from './tokens/actor-tokens/routes.ts'
import { machineTokenRoutes } from './tokens/machine-tokens/routes.ts'
import type { MachineJwtCategory } from './tokens/machine-tokens/machine-token.ts'
import { m2mTokenRoutes } from './tokens/m2m-tokens/routes.ts'
import { signInTokenRoutes } from './tokens/sign-in-tokens/routes.ts'
import { testingTokenRoutes } from './tokens/testing-tokens/routes.ts'

/** What an operator decides about what the authority does. */
export interface Policy {
  /** This server's own URL: the issuer of JWTs of instances that have no origin of their own. */
  readonly publicUrl: string
  /** Where browsers reach the Frontend API of instances that have no origin of their own; `null` if nowhere. */
  readonly frontendUrl: string | null
  /** Take any well-formed user id for a user. */
  readonly acceptUnknownUsers: boolean
  /** Let live instances have testing tokens. */
  readonly testingTokensOnLive: boolean
  readonly machineJwtCategory: MachineJwtCategory
  /** The longest life of an M2M token; `null` for no limit of the operator's own. */
  readonly longestLifetime: Seconds | null
  /** How many proven secrets are remembered, so that they need not be proven again. */
  readonly rememberedSecrets: number
  /** How far the clocks of several nodes may be apart, in milliseconds; 0 for one. */
  readonly clockSkew: Millis
}

export interface AuthorityPorts {
  readonly storage: Storage
  readonly ring: KeyRing
  readonly clock: Clock
  readonly random: Random
  readonly ids: IdSource
}

export type Authority = ReturnType<typeof createAuthority>

export function createAuthority(ports: AuthorityPorts, policy: Policy) {
  const { storage, ...rest } = ports
  const deps = {
    ...rest,
    ...policy,
    read: storage.read,
    transaction: storage.transaction,
    readSecret: createSecretReader(ports.ring.macKeys, policy.rememberedSecrets),
    m2mTokenUses: storage.m2mTokenUses,
    keys: createKeys({ read: storage.read, ring: ports.ring, clock: ports.clock }),
    frontendOriginOf: frontendOrigins(policy.frontendUrl ?? policy.publicUrl),
  }
  const routes: readonly Route[] = [
    ...m2mTokenRoutes(deps),
    ...actorTokenRoutes(deps),
    ...signInTokenRoutes(deps),
    ...testingTokenRoutes(deps),
    ...machineTokenRoutes(deps),
    ...machineRoutes(deps),
    ...userRoutes(deps),
    ...sessionRoutes(deps),
    ...jwksRoutes(deps),
    ...signingKeyRoutes(deps),
  ]
  return { deps, storage, routes, frontend: createFrontend(deps) }
}
