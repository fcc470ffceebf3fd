/** The signing keys of an instance, opened and ready to use. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { InstanceId, KeyId } from '../core/ids.ts'
import { createBoundedMap } from '../core/bounded-map.ts'
import type { KeyRing } from '../core/secrets/master-key.ts'
import type { Reads } from '../core/stores.ts'
import type { Clock, Millis } from '../core/time.ts'
import { isPublished, signerOf } from './key-life.ts'
import { privateKeyOf, publicKeyOf, type KeyUse, type SigningKey } from './signing-key.ts'
import type { SigningKeyReader } from './store.ts'

/** A key, opened for what it was asked for. */
export interface UsableKey {
  readonly id: KeyId
  readonly key: KeyObject
  /** What it signed until that instant is revoked. */
  readonly tokensNotBefore: Millis | null
}

export interface Keys {
  /** The key to sign with now. */
  signing(instanceId: InstanceId, use: KeyUse): Promise<UsableKey>
  /** The key a token names, if this instance has it for this use and still stands by what it signed. */
  verifying(instanceId: InstanceId, use: KeyUse, id: string): Promise<UsableKey | null>
  /** What others may know of the keys that they verify with, newest first. */
  published(instanceId: InstanceId): Promise<readonly SigningKey[]>
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
  const isKnown = createOwnershipCheck(ring)
  const ownership = new WeakMap<SigningKey, boolean>()
  const isOurs = (key: SigningKey) => memo(ownership, key, isKnown)

  async function publishedKeys(instanceId: InstanceId, use: KeyUse): Promise<readonly SigningKey[]> {
    const now = clock.now()
    const keys = await read.signingKeys.keysOf(instanceId)
    return keys.filter((key) => key.use === use && isPublished(key, now) && isOurs(key))
  }

  return {
    async signing(instanceId, use) {
      const signer = signerOf(await read.signingKeys.keysOf(instanceId), use, clock.now())
      if (signer === null) throw new Error(`Instance ${instanceId} has no signing key for a ${use}.`)
      const { id, tokensNotBefore } = signer
      return { id, key: memo(privateKeys, signer, (key) => privateKeyOf(ring, key)), tokensNotBefore }
    },
    async verifying(instanceId, use, id) {
      const named = (await publishedKeys(instanceId, use)).find((key) => key.id === id)
      if (named === undefined) return null
      const { tokensNotBefore } = named
      return { id: named.id, key: memo(publicKeys, named, publicKeyOf), tokensNotBefore }
    },
    published: (instanceId) => publishedKeys(instanceId, 'token'),
    async verifyingAll(instanceId, use) {
      return (await publishedKeys(instanceId, use)).map((key) => memo(publicKeys, key, publicKeyOf))
    },
  }
}

/** As many keys as are remembered to be ours. */
const REMEMBERED = 10_000

/**
 * Whether the public half in a record is that of its sealed private key, which only the master key can have
 * sealed. So whoever can write to the database, or to a backup of it, cannot have a key of his own believed.
 * Remembered by what is in the record, because every change of the directory has all records read anew.
 */
function createOwnershipCheck(ring: KeyRing): (key: SigningKey) => boolean {
  const known = createBoundedMap<boolean>(REMEMBERED)
  return (key) => {
    const { instanceId, use, id, publicKey, sealed } = key
    const name = `${instanceId} ${use} ${id} ${publicKey.n} ${publicKey.e} ${Buffer.from(sealed.box).toString('base64')}`
    let isOurs = known.get(name)
    if (isOurs === undefined) known.set(name, (isOurs = belongsTogether(ring, key)))
    return isOurs
  }
}

function belongsTogether(ring: KeyRing, key: SigningKey): boolean {
  try {
    return publicKeyOf(key).equals(createPublicKey(privateKeyOf(ring, key)))
  } catch {
    // It does not open, or is no key.
    return false
  }
}

function memo<K extends object, V>(known: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  let value = known.get(key)
  if (value === undefined) known.set(key, (value = make(key)))
  return value
}
