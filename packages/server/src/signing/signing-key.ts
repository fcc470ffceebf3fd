/**
 * Signing keys: RSA-2048 with e = 65537 and RS256, because the published clients verify nothing else
 * (wire reference, "Signing"). A key belongs to one instance and one use; it is never found by its kid
 * alone, so no instance's token is ever checked with another's key.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { InstanceId, KeyId } from '../core/ids.ts'
import type { KeyRing, Sealed } from '../core/secrets/master-key.ts'
import type { Millis } from '../core/time.ts'
import { createTurns } from './turns.ts'

/**
 * `token`: for JWTs that others verify; its public half is published. `ticket`: for tickets that only
 * this authority reads; were it published, a client could take a ticket for a session.
 */
export type KeyUse = 'token' | 'ticket'

export interface SigningKey {
  readonly id: KeyId
  readonly instanceId: InstanceId
  readonly use: KeyUse
  readonly alg: 'RS256'
  readonly publicKey: { readonly n: string; readonly e: string }
  /** The private key (PKCS #8), encrypted under the master key for this instance, kid and use. */
  readonly sealed: Sealed
  readonly createdAt: Millis
  /** From when on it signs, until another key of its use does (`key-life.ts`). */
  readonly activeFrom: Millis
  /** From when on it is neither published nor accepted; `null` while nothing is to follow it. */
  readonly retiresAt: Millis | null
  /** Set when somebody has revoked it: then nothing that it signed is accepted. */
  readonly revokedAt: Millis | null
  /** What it signed until that instant is revoked. */
  readonly tokensNotBefore: Millis | null
}

const generate = promisify(generateKeyPair)

/** One at a time in the whole process: signatures are made on the same few threads, and take far less long. */
const inTurn = createTurns(1_000)

/** A key that signs from its making on. */
export async function generateSigningKey(
  ring: KeyRing,
  name: Pick<SigningKey, 'id' | 'instanceId' | 'use' | 'createdAt'>,
): Promise<SigningKey> {
  const pair = await inTurn('', () => generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 }))
  const { n, e } = pair.publicKey.export({ format: 'jwk' })
  const privateKey = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
  return {
    ...name,
    alg: 'RS256',
    publicKey: { n: n!, e: e! },
    sealed: ring.seal(privateKey, sealContext(name)),
    activeFrom: name.createdAt,
    retiresAt: null,
    revokedAt: null,
    tokensNotBefore: null,
  }
}

/** The same key, sealed under the current master key. */
export const resealSigningKey = (ring: KeyRing, key: SigningKey): SigningKey => ({
  ...key,
  sealed: ring.seal(ring.open(key.sealed, sealContext(key)), sealContext(key)),
})

export const privateKeyOf = (ring: KeyRing, key: SigningKey): KeyObject =>
  createPrivateKey({
    key: Buffer.from(ring.open(key.sealed, sealContext(key))),
    format: 'der',
    type: 'pkcs8',
  })

export const publicKeyOf = ({ publicKey }: SigningKey): KeyObject =>
  createPublicKey({ key: { kty: 'RSA', ...publicKey }, format: 'jwk' })

/** The public key as `CLERK_JWT_KEY` wants it: SPKI in PEM. */
export const publicPemOf = (key: SigningKey): string =>
  publicKeyOf(key).export({ format: 'pem', type: 'spki' }) as string

/** Bound into the seal, so that a row moved to another instance, kid or use does not open. */
const sealContext = ({ instanceId, id, use }: Pick<SigningKey, 'instanceId' | 'id' | 'use'>): string =>
  `signing key\0${instanceId}\0${id}\0${use}`
