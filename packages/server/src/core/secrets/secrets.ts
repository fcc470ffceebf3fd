/**
 * Self-authenticating secrets: `prefix + base62(keyId 1 B, id 16 B, tag 16 B) + base62(crc32)`, where
 * `tag = HMAC-SHA-256(macKey[keyId], prefix, 0, owner, 0, id)` cut to 128 bits (ADR 0005).
 *
 * What follows from that shape, and must stay true:
 * - garbage and forgeries are refused before any store is asked;
 * - nothing in the store is a secret, nor enough to make one;
 * - a secret that has to be shown again is derived from its id again.
 *
 * The prefix is under the tag, so a secret cannot be relabelled as one of another kind. `owner` is the
 * instance for secrets that are presented by an authenticated caller, and empty for the keys by which a
 * caller says which instance it is.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { base62Width, decodeBase62, decodeDigits, encodeBase62, encodeUint32 } from './base62.ts'
import { browserId, m2mTokenId, secretKeyId, testingTokenId, type InstanceId, type Uuid } from '../ids.ts'
import { createBoundedMap } from '../bounded-map.ts'
import { AuthorityError } from '../errors.ts'
import type { MacKeyId, MacKeys } from './master-key.ts'

/** What stands before the underscore tells people, scanners and this module the kind of a secret. */
export type SecretPrefix = 'mt_' | 'ak_' | 'sk_test_' | 'sk_live_' | 'c_' | 'bt_' | 'rt_'

export interface SecretName {
  readonly prefix: SecretPrefix
  readonly owner: InstanceId | null
  readonly id: Uuid
  readonly keyId: MacKeyId
}

const ID_BYTES = 16
const TAG_BYTES = 16
const BODY_BYTES = 1 + ID_BYTES + TAG_BYTES
const BODY_WIDTH = base62Width(BODY_BYTES)
const CHECK_BYTES = 4
const CHECK_WIDTH = base62Width(CHECK_BYTES)

/** Digits after the prefix: 45 of body and 6 of checksum. */
export const SECRET_WIDTH = BODY_WIDTH + CHECK_WIDTH

/**
 * Finds secrets of this authority in any text; for scanners. A match is a candidate, and its last six
 * digits, a CRC-32 of what stands before them, tell a secret from a look-alike without a network.
 */
export const SECRET_PATTERN = /\b(?:mt_|ak_|bt_|rt_|sk_test_|sk_live_|\d{10}-c_)[0-9A-Za-z]{51}\b/

/**
 * Writes the one secret that stands for a name. Deterministic: the same name gives the same secret.
 *
 * @throws {AuthorityError} `conflict` if its master key is no longer there; then no secret of it is good
 */
export function formatSecret(keys: MacKeys, name: SecretName): string {
  const key = keys.get(name.keyId)
  if (key === undefined) {
    throw new AuthorityError('conflict', {
      longMessage: 'This secret was made under a master key that the server no longer has: rotate it.',
    })
  }
  const body = Buffer.alloc(BODY_BYTES)
  body[0] = name.keyId
  body.set(name.id, 1)
  body.write(tagOf(key, name.prefix, name.owner, name.id), 1 + ID_BYTES, 'latin1')
  const text = name.prefix + encodeBase62(body)
  return text + encodeUint32(crc32(text))
}

/**
 * Reads a presented secret and checks its tag in constant time. `null` for anything this authority did
 * not make for that prefix and owner; which of the possible reasons it was is deliberately not told.
 */
export function parseSecret(
  keys: MacKeys,
  prefix: SecretPrefix,
  owner: InstanceId | null,
  presented: string,
): SecretName | null {
  if (presented.length !== prefix.length + SECRET_WIDTH) return null
  if (!presented.startsWith(prefix)) return null
  // Before the tag, because it costs a hundredth of it.
  if (
    decodeDigits(presented, presented.length - CHECK_WIDTH, presented.length) !==
    crc32(presented.slice(0, -CHECK_WIDTH))
  )
    return null
  const body = decodeBase62(presented.slice(prefix.length, -CHECK_WIDTH), BODY_BYTES)
  if (body === null) return null

  const keyId = body[0]!
  const key = keys.get(keyId)
  if (key === undefined) return null
  const id = body.slice(1, 1 + ID_BYTES)
  const expected = Buffer.from(tagOf(key, prefix, owner, id), 'latin1')
  return timingSafeEqual(expected, body.subarray(1 + ID_BYTES)) ? { prefix, owner, id, keyId } : null
}

/** The id of the record that a secret with each prefix stands for. */
const RECORD_IDS = {
  mt_: m2mTokenId,
  ak_: secretKeyId,
  sk_test_: secretKeyId,
  sk_live_: secretKeyId,
  c_: testingTokenId,
  bt_: browserId,
  rt_: browserId,
} as const satisfies Record<SecretPrefix, (id: Uuid) => string>

/** What a good secret proves: that this authority issued that id, and under which master key. */
export interface ProvenSecret<Prefix extends SecretPrefix = SecretPrefix> {
  readonly id: ReturnType<(typeof RECORD_IDS)[Prefix]>
  readonly macKeyId: MacKeyId
}

/** As {@link parseSecret} with the keys it was made for. */
export type SecretReader = <Prefix extends SecretPrefix>(
  prefix: Prefix,
  owner: InstanceId | null,
  presented: string,
) => ProvenSecret<Prefix> | null

/**
 * A reader that remembers, in a bounded way, which secrets it has proven: most are presented many times,
 * and the proof is the larger part of their cost. What it remembers is true for as long as the keys are.
 * It keeps digests, so that the secrets that callers present do not pile up in memory.
 */
export function createSecretReader(keys: MacKeys, limit: number): SecretReader {
  const proven = createBoundedMap<ProvenSecret>(limit)
  return (prefix, owner, presented) => {
    if (presented.length !== prefix.length + SECRET_WIDTH) return null
    const digest = hash('sha256', `${prefix}\0${owner ?? ''}\0${presented}`, 'base64url')
    const known = proven.get(digest)
    if (known !== undefined) return known
    const name = parseSecret(keys, prefix, owner, presented)
    if (name === null) return null
    const secret = { id: RECORD_IDS[prefix](name.id), macKeyId: name.keyId } as ProvenSecret<typeof prefix>
    proven.set(digest, secret)
    return secret
  }
}

/** @returns a character for each byte: bytes would need memory outside the heap, and cost half as much again */
function tagOf(
  key: Parameters<typeof createHmac>[1],
  prefix: SecretPrefix,
  owner: InstanceId | null,
  id: Uuid,
): string {
  // Neither prefix nor owner can hold a NUL, so no two names give the same input.
  return createHmac('sha256', key)
    .update(`${prefix}\0${owner ?? ''}\0`)
    .update(id)
    .digest('binary')
    .slice(0, TAG_BYTES)
}
