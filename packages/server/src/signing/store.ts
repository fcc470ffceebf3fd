import type { InstanceId, KeyId } from '../core/ids.ts'
import type { Millis } from '../core/time.ts'
import type { SigningKey } from './signing-key.ts'

export interface SigningKeyReader {
  /** Every key of the instance that was not revoked, newest first. Those that have retired are among them. */
  keysOf(instanceId: InstanceId): Promise<readonly SigningKey[]>
  /** The same with those that were revoked: for showing, never for verifying. */
  historyOf(instanceId: InstanceId): Promise<readonly SigningKey[]>
  /** Keys of any instance that are not sealed under this master key. */
  notSealedUnder(keyId: number): Promise<readonly SigningKey[]>
}

export interface SigningKeyStore extends SigningKeyReader {
  insert(key: SigningKey): Promise<void>
  /** Replaces the sealed private key and nothing else. */
  reseal(key: SigningKey): Promise<void>
  /** Replaces when the key signs, retires and was revoked, and nothing else. A revocation stays as it is. */
  setLife(key: SigningKey): Promise<void>
  /** Revokes what the key signed until that instant. It never goes back. False if there is no such key. */
  setTokensNotBefore(instanceId: InstanceId, id: KeyId, at: Millis): Promise<boolean>
}
