import { describe, expect, it } from 'vitest'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import {
  aMachine,
  aMachineSecretKey,
  anEvent,
  anInstance,
  anM2mToken,
  aSigningKey,
  HERE,
  later,
  openWithInstances,
  type Open,
} from '../records.ts'

/**
 * @param openBeside opens, beside a storage, the same one again, as another process does
 * @param catchUp what a request does first, once the promised time has passed
 */
export function sharingConformance(
  open: Open,
  openBeside: (storage: Storage) => Promise<Storage>,
  catchUp: (storage: Storage) => Promise<void>,
): void {
  async function openTwo() {
    const ours = await openWithInstances(open)
    return { ours, theirs: await openBeside(ours) }
  }

  describe('a storage that another process writes to', () => {
    it('shows what the other has committed', async () => {
      const { ours, theirs } = await openTwo()
      const token = anM2mToken()
      await theirs.transaction(({ m2mTokens }) => m2mTokens.insert(token))
      await catchUp(ours)
      expect(await ours.read.m2mTokens.find(HERE, token.id)).toEqual(token)
    })

    // Stops what one process has in memory from outliving a revocation in another.
    it('has caught up with a revocation by the next request, whatever it had in memory', async () => {
      const { ours, theirs } = await openTwo()
      for (let round = 0; round < 20; round++) {
        const token = anM2mToken()
        await ours.transaction(({ m2mTokens }) => m2mTokens.insert(token))
        await catchUp(ours)
        for (let reads = 0; reads < 3; reads++) await ours.read.m2mTokens.find(HERE, token.id)
        await theirs.transaction(({ m2mTokens }) =>
          m2mTokens.revoke(HERE, token.id, later(round), 'by the other'),
        )
        await catchUp(ours)
        expect((await ours.read.m2mTokens.find(HERE, token.id))!.revokedAt).toBe(later(round))
      }
    })

    it('has caught up with a revocation that came before a commit of its own', async () => {
      const { ours, theirs } = await openTwo()
      const token = anM2mToken()
      await ours.transaction(({ m2mTokens }) => m2mTokens.insert(token))
      await ours.read.m2mTokens.find(HERE, token.id)
      await theirs.transaction(({ m2mTokens }) => m2mTokens.revoke(HERE, token.id, later(1), null))
      await ours.transaction(({ audit }) => audit.record(anEvent()))
      await catchUp(ours)
      expect((await ours.read.m2mTokens.find(HERE, token.id))!.revokedAt).toBe(later(1))
    })

    it('has caught up within a transaction of its own', async () => {
      const { ours, theirs } = await openTwo()
      const token = anM2mToken()
      await ours.transaction(({ m2mTokens }) => m2mTokens.insert(token))
      await ours.read.m2mTokens.find(HERE, token.id)
      await theirs.transaction(({ m2mTokens }) => m2mTokens.revoke(HERE, token.id, later(1), null))
      const seen = await ours.transaction(async ({ audit }) => {
        await audit.record(anEvent())
        await catchUp(ours)
        return (await ours.read.m2mTokens.find(HERE, token.id))!.revokedAt
      })
      expect(seen).toBe(later(1))
    })

    it('has caught up with machines, keys and instances', async () => {
      const { ours, theirs } = await openTwo()
      const machine = aMachine()
      const key = aMachineSecretKey(machine)
      const instance = anInstance()
      await ours.transaction(async ({ machines, signingKeys }) => {
        await machines.insert(machine)
        await machines.insertSecretKey(key)
        await signingKeys.insert(aSigningKey())
      })
      const look = async () => {
        await catchUp(ours)
        return [
          (await ours.read.machines.find(HERE, machine.id)) !== null,
          (await ours.read.machines.findSecretKey(key.id))?.expiresAt,
          (await ours.read.signingKeys.keysOf(HERE)).length,
          (await ours.read.instances.find(instance.id)) !== null,
        ]
      }
      expect(await look()).toEqual([true, null, 1, false])
      await theirs.transaction(async ({ machines, signingKeys, instances }) => {
        await machines.expireSecretKey(key.id, later(1))
        await signingKeys.insert(aSigningKey())
        await instances.insert(instance)
      })
      expect(await look()).toEqual([true, later(1), 2, true])
      await theirs.transaction(({ machines }) => machines.delete(HERE, machine.id))
      expect(await look()).toEqual([false, undefined, 2, true])
    })

    // Stops a key that leaked from being believed by the process beside the one where it was revoked.
    it('has caught up with the revocation of a signing key by the next request', async () => {
      const { ours, theirs } = await openTwo()
      const [revoked, kept] = [aSigningKey(), aSigningKey({ createdAt: later(1) })]
      for (const key of [revoked, kept]) await ours.transaction(({ signingKeys }) => signingKeys.insert(key))
      await catchUp(ours)
      expect(await ours.read.signingKeys.keysOf(HERE)).toHaveLength(2)
      await theirs.transaction(({ signingKeys }) => signingKeys.setLife({ ...revoked, revokedAt: later(2) }))
      await catchUp(ours)
      expect((await ours.read.signingKeys.keysOf(HERE)).map(({ id }) => id)).toEqual([kept.id])
    })

    it('loses no write where both write at once', async () => {
      const { ours, theirs } = await openTwo()
      const events = Array.from({ length: 40 }, (_, index) => anEvent({ targetId: `t${index}` }))
      await Promise.all(
        events.map((event, index) =>
          (index % 2 === 0 ? ours : theirs).transaction(({ audit }) => audit.record(event)),
        ),
      )
      const recorded = (await ours.read.audit.after(0, 100)).map(({ targetId }) => targetId)
      expect(recorded.toSorted()).toEqual(events.map(({ targetId }) => targetId).toSorted())
    })
  })
}
