import type { InstanceId, MachineId, SecretKeyId } from '../../core/ids.ts'
import type { Millis, Seconds } from '../../core/time.ts'
import type { Machine, MachineScope, MachineSecretKey } from './machine.ts'

export interface MachineQuery {
  /** An exact id, or a part of a name in any case. */
  readonly search: string | null
  readonly orderBy: 'name' | 'created_at'
  readonly descending: boolean
  readonly limit: number
  readonly offset: number
}

export interface MachineReader {
  /** `null` if the instance has no such machine, whether or not another has. */
  find(instanceId: InstanceId, id: MachineId): Promise<Machine | null>
  /** Those of the instance, in the order asked for and without their scopes; ids it does not have are left out. */
  findAll(instanceId: InstanceId, ids: readonly MachineId[]): Promise<readonly Omit<Machine, 'scopes'>[]>
  list(
    instanceId: InstanceId,
    query: MachineQuery,
  ): Promise<{ machines: readonly Machine[]; totalCount: number }>
  /** By the id inside a presented secret. Expired keys are found too: the caller looks at `expiresAt`. */
  findSecretKey(id: SecretKeyId): Promise<MachineSecretKey | null>
  /** The newest key. `null` if there is no such machine. */
  newestSecretKey(instanceId: InstanceId, id: MachineId): Promise<MachineSecretKey | null>
}

export interface MachineStore extends MachineReader {
  insert(machine: Machine): Promise<void>
  update(
    instanceId: InstanceId,
    id: MachineId,
    change: { readonly name?: string; readonly defaultTokenTtl?: Seconds; readonly at: Millis },
  ): Promise<Machine | null>
  /** Removes the machine with its keys and every scope from or to it. False if there was none. */
  delete(instanceId: InstanceId, id: MachineId): Promise<boolean>
  /** False, having written nothing, if the scope is there already. */
  addScope(scope: MachineScope): Promise<boolean>
  /** False if there was none. */
  removeScope(from: MachineId, to: MachineId): Promise<boolean>
  insertSecretKey(key: MachineSecretKey): Promise<void>
  /** Ends the key at that moment, unless it ends sooner already. */
  expireSecretKey(id: SecretKeyId, at: Millis): Promise<void>
  /** Revokes what the machine issued until that instant. It never goes back. False if there is no such machine. */
  setTokensNotBefore(instanceId: InstanceId, id: MachineId, at: Millis): Promise<boolean>
  /** The latest such instant of all machines. */
  latestTokensNotBefore(instanceId: InstanceId): Promise<Millis | null>
}
