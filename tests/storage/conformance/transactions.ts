import { describe, expect, it } from 'vitest'
import {
  aMachine,
  anEvent,
  anInstance,
  anM2mToken,
  aUser,
  HERE,
  later,
  openWithInstances,
  type Open,
} from '../records.ts'

export function transactionConformance(open: Open): void {
  describe('a transaction', () => {
    it('gives what its work gives, and throws what its work throws', async () => {
      const storage = await openWithInstances(open)
      expect(await storage.transaction(async () => 'done')).toBe('done')
      const error = new Error('refused')
      await expect(storage.transaction(() => Promise.reject(error))).rejects.toBe(error)
      await expect(
        storage.transaction(() => {
          throw error
        }),
      ).rejects.toBe(error)
    })

    it('stands as a whole, over every store, or not at all', async () => {
      const storage = await openWithInstances(open)
      const [machine, user, token] = [aMachine(), aUser(), anM2mToken()]
      const writeAll = (fail: boolean) =>
        storage.transaction(async ({ machines, users, m2mTokens, audit }) => {
          await machines.insert(machine)
          await users.insert(user)
          await m2mTokens.insert(token)
          await audit.record(anEvent())
          if (fail) throw new Error('refused')
        })
      const found = async () => [
        (await storage.read.machines.find(HERE, machine.id)) !== null,
        (await storage.read.users.find(HERE, user.id)) !== null,
        (await storage.read.m2mTokens.find(HERE, token.id)) !== null,
        (await storage.read.audit.newest(1)).length === 1,
      ]
      await expect(writeAll(true)).rejects.toThrow('refused')
      expect(await found()).toEqual([false, false, false, false])
      await writeAll(false)
      expect(await found()).toEqual([true, true, true, true])
    })

    it('undoes nothing of those that are asked for beside it', async () => {
      const storage = await openWithInstances(open)
      const instances = Array.from({ length: 30 }, (_, index) => anInstance({ name: `i${index}` }))
      const outcomes = await Promise.allSettled(
        instances.map((instance, index) =>
          storage.transaction(async (stores) => {
            await stores.instances.insert(instance)
            if (index % 3 === 0) throw new Error('refused')
          }),
        ),
      )
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
        instances.map((_, index) => index % 3 !== 0),
      )
      const found = await Promise.all(instances.map(({ id }) => storage.read.instances.find(id)))
      expect(found).toEqual(instances.map((instance, index) => (index % 3 === 0 ? null : instance)))
    })

    it('sees what it has written itself', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      const seen = await storage.transaction(async ({ m2mTokens }) => {
        await m2mTokens.insert(token)
        await m2mTokens.revoke(HERE, token.id, later(1), null)
        return m2mTokens.find(HERE, token.id)
      })
      expect(seen!.revokedAt).toBe(later(1))
    })
  })

  describe('a read', () => {
    // Stops a token from being accepted, or a machine from being known, that was never issued after all.
    it('never shows what is not committed, and has not kept it where it never is', async () => {
      const storage = await openWithInstances(open)
      const [machine, token] = [aMachine(), anM2mToken()]
      const look = async () => [
        await storage.read.machines.find(HERE, machine.id),
        await storage.read.m2mTokens.find(HERE, token.id),
      ]
      let during: unknown
      await expect(
        storage.transaction(async ({ machines, m2mTokens }) => {
          await machines.insert(machine)
          await m2mTokens.insert(token)
          during = await look()
          throw new Error('refused')
        }),
      ).rejects.toThrow('refused')
      expect(during).toEqual([null, null])
      expect(await look()).toEqual([null, null])
    })

    // F6: stops a cache from keeping what was read just before a revocation.
    it('shows the old state until the commit and the new one after it, even if it was asked in between', async () => {
      const storage = await openWithInstances(open)
      const [machine, token] = [aMachine(), anM2mToken()]
      await storage.transaction(async ({ machines, m2mTokens }) => {
        await machines.insert(machine)
        await m2mTokens.insert(token)
      })
      const look = async () => [
        (await storage.read.machines.find(HERE, machine.id)) !== null,
        (await storage.read.m2mTokens.find(HERE, token.id))!.revokedAt,
      ]
      const during = await storage.transaction(async ({ machines, m2mTokens }) => {
        const before = await look()
        await m2mTokens.revoke(HERE, token.id, later(1), null)
        await machines.delete(HERE, machine.id)
        return [before, await look()]
      })
      expect(during).toEqual([
        [true, null],
        [true, null],
      ])
      expect(await look()).toEqual([false, later(1)])
    })

    it('shows what was before where a revocation is refused in the end', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      await storage.transaction(({ m2mTokens }) => m2mTokens.insert(token))
      await expect(
        storage.transaction(async ({ m2mTokens }) => {
          await m2mTokens.revoke(HERE, token.id, later(1), null)
          throw new Error('refused')
        }),
      ).rejects.toThrow('refused')
      expect(await storage.read.m2mTokens.find(HERE, token.id)).toEqual(token)
    })

    it('is as new as the last acknowledgement, with reads and writes at once', async () => {
      const storage = await openWithInstances(open)
      const tokens = Array.from({ length: 50 }, () => anM2mToken())
      await storage.transaction(async ({ m2mTokens }) => {
        for (const token of tokens) await m2mTokens.insert(token)
      })
      const isRevoked = async (token: (typeof tokens)[number]) =>
        (await storage.read.m2mTokens.find(HERE, token.id))!.revokedAt !== null
      const seen = await Promise.all(
        tokens.map(async (token) => {
          let told = false
          const revoking = storage
            .transaction(({ m2mTokens }) => m2mTokens.revoke(HERE, token.id, later(1), null))
            .finally(() => (told = true))
          while (!told) {
            await isRevoked(token)
            await new Promise((resolve) => setImmediate(resolve))
          }
          await revoking
          return isRevoked(token)
        }),
      )
      expect(seen).toEqual(tokens.map(() => true))
    })
  })
}
