import type { InstanceId, SecretKeyId } from '../../core/ids.ts'
import type { Instance, InstanceSecretKey } from './instance.ts'

export interface InstanceReader {
  find(id: InstanceId): Promise<Instance | null>
  /** Oldest first. */
  list(): Promise<readonly Instance[]>
  findSecretKey(id: SecretKeyId): Promise<InstanceSecretKey | null>
  newestSecretKey(id: InstanceId): Promise<InstanceSecretKey | null>
}

export interface InstanceStore extends InstanceReader {
  insert(instance: Instance): Promise<void>
  insertSecretKey(key: InstanceSecretKey): Promise<void>
}
