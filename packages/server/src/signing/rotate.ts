import { eventOf, type AuditLog } from '../audit/audit-event.ts'
import type { Call } from '../core/caller.ts'
import { AuthorityError } from '../core/errors.ts'
import type { IdSource, InstanceId, KeyId } from '../core/ids.ts'
import type { KeyRing } from '../core/secrets/master-key.ts'
import type { Reads, Transactions } from '../core/stores.ts'
import { after, type Clock, type Millis, type Seconds } from '../core/time.ts'
import { isPublished, pendingOf, signerOf } from './key-life.ts'
import { generateSigningKey, type SigningKey } from './signing-key.ts'
import type { SigningKeyReader, SigningKeyStore } from './store.ts'

export interface SigningKeyLifeDeps
  extends
    Reads<{ signingKeys: SigningKeyReader }>,
    Transactions<{ signingKeys: SigningKeyStore; audit: AuditLog }> {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
}

export interface Rotation {
  /** How long the new key is published before it signs. Nothing: it signs at once. */
  readonly activateIn: Seconds
  /** How long what the key until then has signed stays good, from the moment the new one signs. */
  readonly overlap: Seconds
}

/** Whoever reads a key set reads all of it: it must not grow without end. */
const MOST_PUBLISHED_KEYS = 20

/**
 * Gives the instance another key to sign with. With `activateIn` of nothing, a key that is pending is that
 * key, and `overlap` is decided anew; otherwise one that is pending is in the way.
 *
 * @throws {AuthorityError} `conflict` for a rotation that is pending, and for too many keys
 */
export async function rotateSigningKey(
  deps: SigningKeyLifeDeps,
  call: Call,
  rotation: Rotation,
): Promise<SigningKey> {
  const { instanceId } = call.caller
  // Making a key takes longer than all else: who cannot have one is told before.
  requireRoom(await deps.read.signingKeys.keysOf(instanceId), rotation, deps.clock.now())
  const made = await makeSigningKey(deps, instanceId)
  const now = deps.clock.now()
  return deps.transaction(async ({ signingKeys, audit }) => {
    const keys = await signingKeys.keysOf(instanceId)
    requireRoom(keys, rotation, now)
    const activeFrom = laterBy(now, rotation.activateIn)
    const signer = signerOf(keys, 'token', now)
    if (signer !== null) {
      await signingKeys.setLife({ ...signer, retiresAt: laterBy(activeFrom, rotation.overlap) })
    }
    const next = await activate(signingKeys, { pending: pendingOf(keys, now), made, activeFrom })
    const reason = `active from ${new Date(activeFrom).toISOString()}, overlap ${rotation.overlap} s`
    await audit.record(eventOf(call, now, 'signing_key.rotate', next.id, reason))
    return next
  })
}

/** A key that no transaction has yet written. Made before one begins, because it takes a tenth of a second. */
export const makeSigningKey = (
  { ring, ids, clock }: Pick<SigningKeyLifeDeps, 'ring' | 'ids' | 'clock'>,
  instanceId: InstanceId,
): Promise<SigningKey> =>
  generateSigningKey(ring, {
    id: ids.next<KeyId>('kid'),
    instanceId,
    use: 'token',
    createdAt: clock.now(),
  })

/** Has the pending key sign from that moment on, whose public half may be known already; else the one that was made. */
export async function activate(
  signingKeys: SigningKeyStore,
  { pending, made, activeFrom }: { pending: SigningKey | null; made: SigningKey; activeFrom: Millis },
): Promise<SigningKey> {
  const next = { ...(pending ?? made), activeFrom }
  await (pending === null ? signingKeys.insert(next) : signingKeys.setLife(next))
  return next
}

function requireRoom(keys: readonly SigningKey[], { activateIn }: Rotation, now: Millis): void {
  const pending = pendingOf(keys, now)
  if (pending !== null && activateIn === 0) return
  if (pending !== null) {
    const when = new Date(pending.activeFrom).toISOString()
    throw new AuthorityError('conflict', {
      longMessage: `A rotation is pending: ${pending.id} signs from ${when}. Wait for it, revoke it, or activate it at once with activate_in_seconds 0.`,
    })
  }
  if (keys.filter((key) => key.use === 'token' && isPublished(key, now)).length < MOST_PUBLISHED_KEYS) return
  throw new AuthorityError('conflict', {
    longMessage: `${MOST_PUBLISHED_KEYS} keys are published, which is the most. Wait until one retires, or revoke one.`,
  })
}

const laterBy = (start: Millis, length: Seconds): Millis => (length === 0 ? start : after(start, length))
