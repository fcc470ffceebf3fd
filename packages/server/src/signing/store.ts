import type { InstanceId } from '../core/ids.ts'
import type { SigningKey } from './signing-key.ts'

export interface SigningKeyReader {
  /** Every key of the instance that may still be asked for, newest first. */
  keysOf(instanceId: InstanceId): Promise<readonly SigningKey[]>
  /** Keys of any instance that are not sealed under this master key. */
  notSealedUnder(keyId: number): Promise<readonly SigningKey[]>
}

export interface SigningKeyStore extends SigningKeyReader {
  insert(key: SigningKey): Promise<void>
  /** Replaces the sealed private key and nothing else. */
  reseal(key: SigningKey): Promise<void>
}
