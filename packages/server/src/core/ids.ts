/**
 * Names of things. Two shapes, both ordered by time of making, because the wire asks for two:
 * `mt_` + 32 hex digits for M2M tokens, a prefix + 27 base62 digits for everything else
 * (wire reference, "Ids"). An id says nothing about whether the thing exists or whose it is.
 */
import { encodeBase62 } from './secrets/base62.ts'
import type { Random } from './secrets/random.ts'
import type { Clock, Millis } from './time.ts'

declare const of: unique symbol
type Id<Kind extends string> = string & { readonly [of]: Kind }

export type InstanceId = Id<'instance'>
export type MachineId = Id<'machine'>
export type UserId = Id<'user'>
export type M2mTokenId = Id<'m2m_token'>
export type ActorTokenId = Id<'actor_token'>
export type TestingTokenId = Id<'testing_token'>
export type SignInTokenId = Id<'sign_in_token'>
export type SessionId = Id<'session'>
export type BrowserId = Id<'browser'>
export type SecretKeyId = Id<'secret_key'>
export type KeyId = Id<'signing_key'>
export type EmailAddressId = Id<'email_address'>
export type PhoneNumberId = Id<'phone_number'>

/** What the wire puts in front of an id, and what the schemas check it against. */
export const ID_PATTERNS = {
  instance: /^ins_\w{27}$/,
  machine: /^mch_\w{27}$/,
  user: /^user_\w{27}$/,
  m2mToken: /^mt_[0-9A-Fa-f]{32}$/,
  actorToken: /^act_\w{27}$/,
  signInToken: /^sit_\w{27}$/,
  testingToken: /^tt_[0-9a-f]{32}$/,
  session: /^sess_\w{27}$/,
  browser: /^client_[0-9a-f]{32}$/,
  /** The first key of an instance is named like the instance itself. */
  signingKey: /^(?:ins|kid)_\w{27}$/,
} as const

/** Sixteen bytes, a UUID of version 7 (RFC 9562 section 5.7): first 48 bits are its time in milliseconds. */
export type Uuid = Uint8Array

export interface IdSource {
  /** A new id with this prefix and 27 base62 digits. */
  next<T extends Id<string>>(prefix: string): T
  /** A new UUID. Those of one process ascend strictly, so the order of making is never lost. */
  uuid(): Uuid
}

/** The 12 bits after the time count up within a millisecond; started low, they have room for thousands. */
const COUNTER_LIMIT = 0xfff
const COUNTER_START = 0x3ff

export function createIdSource({ clock, random }: { clock: Clock; random: Random }): IdSource {
  let last = 0
  let counter = 0

  /** A time and a count that together never repeat and never go back, even where the clock does. */
  function tick(): void {
    const now = clock.now()
    if (now > last) {
      last = now
      counter = (random.bytes(1)[0]! << 2) & COUNTER_START
    } else if (++counter > COUNTER_LIMIT) {
      last++
      counter = 0
    }
  }

  return {
    next(prefix) {
      tick()
      const bytes = new Uint8Array(20)
      writeTime(bytes, last)
      writeCounter(bytes, 6, counter)
      bytes.set(random.bytes(12), 8)
      return `${prefix}_${encodeBase62(bytes)}` as never
    },
    uuid() {
      tick()
      const bytes = random.bytes(16)
      writeTime(bytes, last)
      writeCounter(bytes, 6, counter | 0x7000)
      bytes[8] = (bytes[8]! & 0x3f) | 0x80
      return bytes
    },
  }
}

/** The moment a UUID of version 7 was made. */
export const timeOfUuid = (uuid: Uuid): Millis =>
  Buffer.from(uuid.buffer, uuid.byteOffset, 6).readUIntBE(0, 6) as Millis

export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')

export const m2mTokenId = (uuid: Uuid): M2mTokenId => `mt_${toHex(uuid)}` as M2mTokenId
export const testingTokenId = (uuid: Uuid): TestingTokenId => `tt_${toHex(uuid)}` as TestingTokenId
/** The wire calls a browser a client. */
export const browserId = (uuid: Uuid): BrowserId => `client_${toHex(uuid)}` as BrowserId
export const secretKeyId = (uuid: Uuid): SecretKeyId => `key_${toHex(uuid)}` as SecretKeyId

/** The bytes of an id of the form prefix, underscore, 32 hex digits. */
export const uuidOf = (id: M2mTokenId | TestingTokenId | SecretKeyId | BrowserId): Uuid =>
  Uint8Array.from(Buffer.from(id.slice(id.lastIndexOf('_') + 1), 'hex'))

/** Not through a `Buffer` on the same memory: that would move it out of the heap, for three quarters of an id's cost. */
function writeTime(bytes: Uint8Array, time: number): void {
  for (let at = 5, rest = time; at >= 0; at--) {
    bytes[at] = rest
    rest = Math.floor(rest / 256)
  }
}

function writeCounter(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value & 255
}
