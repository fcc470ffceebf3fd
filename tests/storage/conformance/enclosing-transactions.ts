import { describe, expect, it } from 'vitest'
import type { Storage, Stores } from '../../../packages/server/src/storage/storage.ts'
import {
  aMachine,
  anEvent,
  anM2mToken,
  aUser,
  HERE,
  later,
  openWithInstances,
  type Open,
} from '../records.ts'

const nothing = async () => {}
const refuse = (): Promise<never> => Promise.reject(new Error('refused'))

/** Two records by two transactions of one piece of work, and one by what finishes it. */
function threeParts(storage: Storage) {
  const [machine, user, token] = [aMachine(), aUser(), anM2mToken()]
  return {
    first: () => storage.transaction(({ machines }) => machines.insert(machine)),
    second: () => storage.transaction(({ users }) => users.insert(user)),
    finish: ({ m2mTokens }: Stores) => m2mTokens.insert(token),
    found: async () => [
      (await storage.read.machines.find(HERE, machine.id)) !== null,
      (await storage.read.users.find(HERE, user.id)) !== null,
      (await storage.read.m2mTokens.find(HERE, token.id)) !== null,
    ],
  }
}

const ALL = [true, true, true]
const NONE = [false, false, false]

export function enclosingTransactionConformance(open: Open): void {
  describe('work that is done atomically', () => {
    it('gives what it gives, and commits all its transactions with what finishes it', async () => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      let outcome: unknown
      const given = await storage.atomically(
        async () => {
          await first()
          await second()
          return 'done'
        },
        async (value, stores) => {
          outcome = value
          await finish(stores)
        },
      )
      expect([given, outcome]).toEqual(['done', 'done'])
      expect(await found()).toEqual(ALL)
    })

    it('shows nothing of it to reads before its end', async () => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      const during = await storage.atomically(
        async () => {
          await first()
          await second()
          return found()
        },
        (_, stores) => finish(stores),
      )
      expect(during).toEqual(NONE)
      expect(await found()).toEqual(ALL)
    })

    it('lets a later transaction of it see what an earlier one has written', async () => {
      const storage = await openWithInstances(open)
      const token = anM2mToken()
      const seen = await storage.atomically(async () => {
        await storage.transaction(({ m2mTokens }) => m2mTokens.insert(token))
        return storage.transaction(({ m2mTokens }) => m2mTokens.revoke(HERE, token.id, later(1), null))
      }, nothing)
      expect(seen!.revokedAt).toBe(later(1))
      expect((await storage.read.m2mTokens.find(HERE, token.id))!.revokedAt).toBe(later(1))
    })

    it.each(['a transaction', 'the work', 'the finish'])('leaves nothing if %s throws', async (where) => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      const asked = storage.atomically(
        async () => {
          await first()
          await second()
          if (where === 'a transaction') await storage.transaction(refuse)
          if (where === 'the work') await refuse()
        },
        async (_, stores) => {
          await finish(stores)
          if (where === 'the finish') await refuse()
        },
      )
      await expect(asked).rejects.toThrow('refused')
      expect(await found()).toEqual(NONE)
    })

    it.each([
      ['first', 0],
      ['last', 1],
    ])('leaves nothing if its %s transaction throws and the work goes on', async (_name, at) => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      const parts = at === 0 ? [() => storage.transaction(refuse), first, second] : [first, second, refuse]
      const asked = storage.atomically(
        async () => {
          for (const part of parts)
            await (part === refuse ? storage.transaction(refuse) : part()).catch(() => {})
        },
        (_outcome, stores) => finish(stores),
      )
      await expect(asked).rejects.toThrow('refused')
      expect(await found()).toEqual(NONE)
    })

    it('writes what finishes it even if it asks for no transaction', async () => {
      const storage = await openWithInstances(open)
      await storage.atomically(
        async () => 'done',
        (_, { audit }) => audit.record(anEvent()),
      )
      expect(await storage.read.audit.newest(2)).toHaveLength(1)
    })

    it('throws what the work throws before any transaction, and writes nothing', async () => {
      const storage = await openWithInstances(open)
      await expect(storage.atomically(refuse, (_, { audit }) => audit.record(anEvent()))).rejects.toThrow(
        'refused',
      )
      expect(await storage.read.audit.newest(2)).toEqual([])
    })

    // Stops one refused request from taking the effects of others with it, and two from waiting for each other.
    it('shares a commit with others and undoes nothing of theirs', async () => {
      const storage = await openWithInstances(open)
      const all = Array.from({ length: 30 }, () => threeParts(storage))
      const outcomes = await Promise.allSettled(
        all.map(({ first, second, finish }, index) => {
          if (index % 3 === 0) return first()
          return storage.atomically(
            async () => {
              await first()
              await storage.read.instances.find(HERE)
              await second()
              if (index % 3 === 1) throw new Error('refused')
            },
            (_, stores) => finish(stores),
          )
        }),
      )
      expect(outcomes.map(({ status }) => status)).toEqual(
        all.map((_, index) => (index % 3 === 1 ? 'rejected' : 'fulfilled')),
      )
      expect(await Promise.all(all.map(({ found }) => found()))).toEqual(
        all.map((_, index) => [[true, false, false], NONE, ALL][index % 3]),
      )
    })

    it('is no part of what is asked for after its end, even by what it has set up', async () => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      const ended = Promise.withResolvers<void>()
      let afterwards: Promise<unknown> | undefined
      const asked = storage.atomically(
        async () => {
          await first()
          afterwards = ended.promise.then(second)
          throw new Error('refused')
        },
        (_, stores) => finish(stores),
      )
      await expect(asked).rejects.toThrow('refused')
      ended.resolve()
      await afterwards
      expect(await found()).toEqual([false, true, false])
    })

    it('takes transactions that are asked for together as parts alike', async () => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      const asked = storage.atomically(
        async () => {
          await Promise.all([first(), second()])
          throw new Error('refused')
        },
        (_, stores) => finish(stores),
      )
      await expect(asked).rejects.toThrow('refused')
      expect(await found()).toEqual(NONE)
    })

    it('can be done inside of such work, as a part of it', async () => {
      const storage = await openWithInstances(open)
      const { first, second, finish, found } = threeParts(storage)
      const asked = (fail: boolean) =>
        storage.atomically(
          async () => {
            await storage.atomically(first, (_, { audit }) => audit.record(anEvent()))
            await second()
            if (fail) throw new Error('refused')
          },
          (_, stores) => finish(stores),
        )
      await expect(asked(true)).rejects.toThrow('refused')
      expect([await found(), await storage.read.audit.newest(2)]).toEqual([NONE, []])
      await asked(false)
      expect(await found()).toEqual(ALL)
      expect(await storage.read.audit.newest(2)).toHaveLength(1)
    })
  })
}
