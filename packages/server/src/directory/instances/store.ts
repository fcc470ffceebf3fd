import type { InstanceId, SecretKeyId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { Browsing, Instance, InstanceSecretKey } from './instance.ts'

export interface InstanceReader {
  find(id: InstanceId): Promise<Instance | null>
  /** Oldest first. */
  list(): Promise<readonly Instance[]>
  /** By the id inside a presented secret. Expired keys are found too: the caller looks at `expiresAt`. */
  findSecretKey(id: SecretKeyId): Promise<InstanceSecretKey | null>
  newestSecretKey(id: InstanceId): Promise<InstanceSecretKey | null>
}

export interface InstanceStore extends InstanceReader {
  insert(instance: Instance): Promise<void>
  /** Replaces what is said of how browsers use it. */
  setBrowsing(id: InstanceId, browsing: Browsing): Promise<void>
  insertSecretKey(key: InstanceSecretKey): Promise<void>
  /** Ends every key of the instance at that moment, unless it ends sooner already. */
  expireSecretKeys(id: InstanceId, at: Millis): Promise<void>
  /** Revokes what was issued until that instant. It never goes back. */
  setTokensNotBefore(id: InstanceId, at: Millis): Promise<void>
}
