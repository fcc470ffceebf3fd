/**
 * The one secret an operator keeps: 32 random bytes, from which every other key of the authority is
 * derived by HKDF-SHA-256 (RFC 5869), one `info` for each purpose. A ring holds the current key and
 * those it replaced, each under the number that secrets and sealed keys carry.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import type { Random } from './random.ts'

export const MASTER_KEY_BYTES = 32

export type MasterKey = Uint8Array

/** The number, from 1 to 255, by which secrets and sealed keys name the master key they were made under. */
export type MacKeyId = number

/** The keys under which secrets are tagged, by the number of their master key. */
export type MacKeys = ReadonlyMap<MacKeyId, KeyObject>

export interface KeyRing extends Sealer {
  readonly currentId: MacKeyId
  readonly macKeys: MacKeys
  /**
   * For remembered answers, of which there may be thousands in a second: each context has a key of its own,
   * so that none comes near the 2^32 uses up to which random nonces are safe (NIST SP 800-38D, 8.3).
   */
  readonly answers: Sealer
}

export interface Sealer {
  /** Encrypts under the current key. The context is authenticated: what was sealed for one opens for no other. */
  seal(plain: Uint8Array, context: string): Sealed
  /** @throws {Error} if it was changed, belongs to another context, or its key is not in the ring. */
  open(sealed: Sealed, context: string): Uint8Array
}

/** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes), in this order. */
export interface Sealed {
  readonly keyId: MacKeyId
  readonly box: Uint8Array
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** @param keys the master keys by number; the current one must be among them. */
export function createKeyRing(
  keys: ReadonlyMap<MacKeyId, MasterKey>,
  currentId: MacKeyId,
  random: Random,
): KeyRing {
  const macKeys = new Map([...keys].map(([id, key]) => [id, derive(key, 'secret tag')]))
  const sealKeys = new Map([...keys].map(([id, key]) => [id, derive(key, 'signing key seal')]))
  const answerKeys = new Map([...keys].map(([id, key]) => [id, derive(key, 'answer seal')]))
  return {
    currentId,
    macKeys,
    ...createSealer((id) => sealKeys.get(id), currentId, random),
    answers: createSealer(
      (id, context) => {
        const key = answerKeys.get(id)
        return key && derive(key, context)
      },
      currentId,
      random,
    ),
  }
}

type KeyOf = (id: MacKeyId, context: string) => KeyObject | undefined

const createSealer = (keyOf: KeyOf, currentId: MacKeyId, random: Random): Sealer => ({
  seal(plain, context) {
    const nonce = random.bytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', keyOf(currentId, context)!, nonce)
    cipher.setAAD(Buffer.from(context))
    const text = Buffer.concat([cipher.update(plain), cipher.final()])
    return { keyId: currentId, box: Buffer.concat([nonce, text, cipher.getAuthTag()]) }
  },
  open({ keyId, box }, context) {
    const key = keyOf(keyId, context)
    if (key === undefined) throw new Error(`Master key ${keyId} is not in the key ring.`)
    const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(box.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
  },
})

/** Tells two master keys apart without giving either away; the store keeps it beside the key's number. */
export const fingerprintOf = (key: MasterKey): string =>
  createHash('sha256').update(derive(key, 'fingerprint').export()).digest('hex').slice(0, 32)

/**
 * Reads a master key as operators write it: 64 hex digits, or 43 base64 or base64url digits (with or
 * without `=`). `null` if it is anything else.
 */
export function parseMasterKey(text: string): MasterKey | null {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[\w+/-]{43}=?$/.test(trimmed)) return null
  const key = Buffer.from(trimmed, 'base64')
  return key.length === MASTER_KEY_BYTES ? key : null
}

function derive(key: MasterKey | KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), `mintmark/1 ${purpose}`, 32)))
}
