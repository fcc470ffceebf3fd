/** The signing keys of an instance, opened and ready to use. */
import type { KeyObject } from 'node:crypto'
import type { InstanceId, KeyId } from '../core/ids.ts'
import type { KeyRing } from '../core/secrets/master-key.ts'
import type { Reads } from '../core/stores.ts'
import type { Clock } from '../core/time.ts'
import { isPublished, signerOf } from './key-life.ts'
import { privateKeyOf, publicKeyOf, type KeyUse, type SigningKey } from './signing-key.ts'
import type { SigningKeyReader } from './store.ts'

export interface Keys {
  /** The key to sign with now. */
  signing(instanceId: InstanceId, use: KeyUse): Promise<{ readonly id: KeyId; readonly key: KeyObject }>
  /** The key a token names, if this instance has it for this use and still stands by what it signed. */
  verifying(instanceId: InstanceId, use: KeyUse, id: string): Promise<KeyObject | null>
  /** Every key of a use, newest first: for tokens that name none. */
  verifyingAll(instanceId: InstanceId, use: KeyUse): Promise<readonly KeyObject[]>
}

export function createKeys({
  read,
  ring,
  clock,
}: Reads<{ signingKeys: SigningKeyReader }> & { ring: KeyRing; clock: Clock }): Keys {
  // Opening a key costs more than signing with it. A record that changes is another object.
  const privateKeys = new WeakMap<SigningKey, KeyObject>()
  const publicKeys = new WeakMap<SigningKey, KeyObject>()

  async function publishedKeys(instanceId: InstanceId, use: KeyUse): Promise<readonly SigningKey[]> {
    const now = clock.now()
    const keys = await read.signingKeys.keysOf(instanceId)
    return keys.filter((key) => key.use === use && isPublished(key, now))
  }

  return {
    async signing(instanceId, use) {
      const signer = signerOf(await read.signingKeys.keysOf(instanceId), use, clock.now())
      if (signer === null) throw new Error(`Instance ${instanceId} has no signing key for a ${use}.`)
      return { id: signer.id, key: memo(privateKeys, signer, (key) => privateKeyOf(ring, key)) }
    },
    async verifying(instanceId, use, id) {
      const named = (await publishedKeys(instanceId, use)).find((key) => key.id === id)
      return named === undefined ? null : memo(publicKeys, named, publicKeyOf)
    },
    async verifyingAll(instanceId, use) {
      return (await publishedKeys(instanceId, use)).map((key) => memo(publicKeys, key, publicKeyOf))
    },
  }
}

function memo<K extends object, V>(known: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = known.get(key)
  if (value === undefined) known.set(key, (value = make(key)))
  return value
}
