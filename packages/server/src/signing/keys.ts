/** The signing keys of an instance, opened and ready to use. */
import type { KeyObject } from 'node:crypto'
import type { InstanceId, KeyId } from '../core/ids.ts'
import type { KeyRing } from '../core/secrets/master-key.ts'
import type { Reads } from '../core/stores.ts'
import { privateKeyOf, publicKeyOf, type KeyUse, type SigningKey } from './signing-key.ts'
import type { SigningKeyReader } from './store.ts'

export interface Keys {
  /** The key to sign with now. */
  signing(instanceId: InstanceId, use: KeyUse): Promise<{ readonly id: KeyId; readonly key: KeyObject }>
  /** The key a token names, if this instance has it for this use. */
  verifying(instanceId: InstanceId, use: KeyUse, id: string): Promise<KeyObject | null>
  /** Every key of a use, newest first: for tokens that name none. */
  verifyingAll(instanceId: InstanceId, use: KeyUse): Promise<readonly KeyObject[]>
}

export function createKeys({
  read,
  ring,
}: Reads<{ signingKeys: SigningKeyReader }> & { ring: KeyRing }): Keys {
  // Opening a key costs more than signing with it. A record that changes is another object.
  const privateKeys = new WeakMap<SigningKey, KeyObject>()
  const publicKeys = new WeakMap<SigningKey, KeyObject>()
  return {
    async signing(instanceId, use) {
      const keys = await read.signingKeys.keysOf(instanceId)
      const newest = keys.find((key) => key.use === use)
      if (newest === undefined) throw new Error(`Instance ${instanceId} has no signing key for a ${use}.`)
      return { id: newest.id, key: memo(privateKeys, newest, (key) => privateKeyOf(ring, key)) }
    },
    async verifying(instanceId, use, id) {
      const keys = await read.signingKeys.keysOf(instanceId)
      const named = keys.find((key) => key.id === id && key.use === use)
      return named === undefined ? null : memo(publicKeys, named, publicKeyOf)
    },
    async verifyingAll(instanceId, use) {
      const keys = await read.signingKeys.keysOf(instanceId)
      return keys.filter((key) => key.use === use).map((key) => memo(publicKeys, key, publicKeyOf))
    },
  }
}

function memo<K extends object, V>(known: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = known.get(key)
  if (value === undefined) known.set(key, (value = make(key)))
  return value
}
