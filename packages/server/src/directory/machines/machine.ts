/**
 * Machines: the services that issue and verify M2M tokens. A machine has scopes, the machines that may
 * verify its tokens, and secret keys, of which several are good while one replaces another.
 */
import type { InstanceId, MachineId, SecretKeyId } from '../../core/ids.ts'
import type { MacKeyId } from '../../core/secrets/master-key.ts'
import type { Millis, Seconds } from '../../core/time.ts'

export interface Machine {
  readonly id: MachineId
  readonly instanceId: InstanceId
  readonly name: string
  /** How long its tokens live where the request does not say; `null` if the machine was given none. */
  readonly defaultTokenTtl: Seconds | null
  /** The machines that may verify its tokens. A token keeps the scopes of the moment it was issued. */
  readonly scopes: readonly MachineId[]
  /** Its tokens issued until that instant are revoked, all of them. */
  readonly tokensNotBefore: Millis | null
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** A machine's key as it is kept: enough to derive the secret with the master key, and nothing without. */
export interface MachineSecretKey {
  readonly id: SecretKeyId
  readonly machineId: MachineId
  readonly instanceId: InstanceId
  readonly macKeyId: MacKeyId
  readonly createdAt: Millis
  /** Set when a newer key replaces it. */
  readonly expiresAt: Millis | null
}

export interface MachineScope {
  readonly from: MachineId
  readonly to: MachineId
  readonly createdAt: Millis
}

export const MOST_SCOPES = 150
