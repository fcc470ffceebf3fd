import { eventOf } from '../audit/audit-event.ts'
import type { Call } from '../core/caller.ts'
import { notFound } from '../core/errors.ts'
import type { KeyId } from '../core/ids.ts'
import { pendingOf, signerOf } from './key-life.ts'
import { activate, makeSigningKey, type SigningKeyLifeDeps } from './rotate.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * Ends a key for good: it is not published and nothing that it signed is accepted. If it was the key that
 * signs, the pending key does from then on, or a new one. Revoking twice changes nothing.
 *
 * @throws {AuthorityError} `resource_not_found`
 */
export async function revokeSigningKey(deps: SigningKeyLifeDeps, call: Call, id: KeyId): Promise<SigningKey> {
  const { instanceId } = call.caller
  const known = named(await deps.read.signingKeys.historyOf(instanceId), id)
  if (known.revokedAt !== null) return known
  // Whether it is needed is only known inside the transaction, and there is no time to make it there.
  const made = await makeSigningKey(deps, instanceId)
  const now = deps.clock.now()
  return deps.transaction(async ({ signingKeys, audit }) => {
    const keys = await signingKeys.historyOf(instanceId)
    const key = named(keys, id)
    if (key.revokedAt !== null) return key
    const signer = signerOf(keys, 'token', now)
    const pending = pendingOf(keys, now)
    const revoked = { ...key, revokedAt: now }
    await signingKeys.setLife(revoked)
    await audit.record(eventOf(call, now, 'signing_key.revoke', id))
    if (key === signer) {
      const next = await activate(signingKeys, { pending, made, activeFrom: now })
      await audit.record(eventOf(call, now, 'signing_key.rotate', next.id, `in the place of ${id}`))
    }
    // Nothing follows the key that signs any more: it must not retire.
    if (key === pending && signer !== null) await signingKeys.setLife({ ...signer, retiresAt: null })
    return revoked
  })
}

/** Keys of tickets are nobody's to see or to revoke. */
function named(keys: readonly SigningKey[], id: KeyId): SigningKey {
  const key = keys.find((each) => each.id === id && each.use === 'token')
  if (key === undefined) throw notFound({ noun: 'Signing key', id })
  return key
}
