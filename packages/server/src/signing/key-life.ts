/**
 * The life of a signing key. It is made and published before it signs, so that who keeps a key set has it
 * in time; it signs until another does; it stays published for what it has signed, and retires (ADR 0010).
 * All of it follows from three instants of the record and the clock, so nothing has to run for it.
 */
import { isPast, type Millis } from '../core/time.ts'
import type { KeyUse, SigningKey } from './signing-key.ts'

/** `retiring`: signs no more, and what it signed is still good. `retired`: that is over too. */
export const SIGNING_KEY_STATES = ['next', 'active', 'retiring', 'retired', 'revoked'] as const

export type SigningKeyState = (typeof SIGNING_KEY_STATES)[number]

/** Is it published, and is what it signed accepted? Before it signs, too: clocks differ. */
export const isPublished = ({ revokedAt, retiresAt }: SigningKey, now: Millis): boolean =>
  revokedAt === null && !isPast(retiresAt, now)

/**
 * The key that signs: of those whose time has come, the last. A clock that was set back finds none of
 * them, and then it is the one whose time comes first, so that an instance can always sign.
 *
 * @param keys of one instance, newest first
 */
export function signerOf(keys: readonly SigningKey[], use: KeyUse, now: Millis): SigningKey | null {
  const published = keys.filter((key) => key.use === use && isPublished(key, now))
  const started = published.filter(({ activeFrom }) => activeFrom <= now)
  const [first, ...rest] = started.length > 0 ? started : published
  if (first === undefined) return null
  // Of two from the same moment the newer one signs.
  const isBetter = (one: SigningKey, other: SigningKey) =>
    started.length > 0 ? one.activeFrom > other.activeFrom : one.activeFrom < other.activeFrom
  return rest.reduce((best, key) => (isBetter(key, best) ? key : best), first)
}

/** The key that is to sign next, if a rotation has begun and its time has not come. */
export function pendingOf(keys: readonly SigningKey[], now: Millis): SigningKey | null {
  const signer = signerOf(keys, 'token', now)
  const isPending = (key: SigningKey) =>
    key.use === 'token' && key !== signer && isPublished(key, now) && key.activeFrom > now
  return keys.find(isPending) ?? null
}

/** @param keys all of its instance */
export function stateOfKey(key: SigningKey, keys: readonly SigningKey[], now: Millis): SigningKeyState {
  if (key.revokedAt !== null) return 'revoked'
  if (isPast(key.retiresAt, now)) return 'retired'
  if (key.id === signerOf(keys, key.use, now)?.id) return 'active'
  return key.activeFrom > now ? 'next' : 'retiring'
}
