import { describe, expect, it } from 'vitest'
import type { MachineId, SecretKeyId } from '../../../packages/server/src/core/ids.ts'
import { seconds } from '../../../packages/server/src/core/time.ts'
import type { Machine } from '../../../packages/server/src/directory/machines/machine.ts'
import type { MachineQuery } from '../../../packages/server/src/directory/machines/store.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import {
  aMachine,
  aMachineSecretKey,
  ELSEWHERE,
  HERE,
  later,
  openWithInstances,
  type Open,
} from '../records.ts'

const ALL: MachineQuery = { search: null, orderBy: 'created_at', descending: false, limit: 100, offset: 0 }

async function insert(storage: Storage, ...machines: Machine[]): Promise<void> {
  for (const machine of machines) await storage.transaction((stores) => stores.machines.insert(machine))
}

export function machineStoreConformance(open: Open): void {
  describe('the store of machines', () => {
    it('gives back a machine as it was inserted', async () => {
      const storage = await openWithInstances(open)
      const [a, b] = [aMachine(), aMachine()]
      const c = aMachine({ name: 'Größe "x"', defaultTokenTtl: seconds(60), scopes: [a.id, b.id] })
      await insert(storage, a, b, c)
      expect(await storage.read.machines.find(HERE, a.id)).toEqual(a)
      expect(await storage.read.machines.find(HERE, c.id)).toEqual(c)
    })

    // A20: stops one instance from learning what another has.
    it('finds no machine for another instance, before or after its own has asked', async () => {
      const storage = await openWithInstances(open)
      const machine = aMachine()
      await insert(storage, machine)
      expect(await storage.read.machines.find(ELSEWHERE, machine.id)).toBeNull()
      expect(await storage.read.machines.find(HERE, machine.id)).toEqual(machine)
      expect(await storage.read.machines.find(ELSEWHERE, machine.id)).toBeNull()
      expect(await storage.read.machines.find(HERE, 'mch_none' as MachineId)).toBeNull()
    })

    it('finds several in the order asked for, and leaves out those it does not have', async () => {
      const storage = await openWithInstances(open)
      const [a, b, foreign] = [aMachine(), aMachine(), aMachine({ instanceId: ELSEWHERE })]
      await insert(storage, a, b, foreign)
      const asked = [b.id, 'mch_none' as MachineId, foreign.id, a.id]
      expect(await storage.read.machines.findAll(HERE, asked)).toMatchObject([{ id: b.id }, { id: a.id }])
      expect(await storage.read.machines.findAll(HERE, [])).toEqual([])
    })

    it('changes what is given and leaves the rest', async () => {
      const storage = await openWithInstances(open)
      const machine = aMachine({ defaultTokenTtl: seconds(60) })
      await insert(storage, machine)
      await storage.read.machines.find(HERE, machine.id)
      const update = (change: { name?: string; defaultTokenTtl?: ReturnType<typeof seconds> }, at: number) =>
        storage.transaction(({ machines }) => machines.update(HERE, machine.id, { ...change, at: later(at) }))

      const renamed = { ...machine, name: 'new', updatedAt: later(1) }
      expect(await update({ name: 'new' }, 1)).toEqual(renamed)
      expect(await storage.read.machines.find(HERE, machine.id)).toEqual(renamed)
      expect(await update({ defaultTokenTtl: seconds(5) }, 2)).toEqual({
        ...renamed,
        defaultTokenTtl: 5,
        updatedAt: later(2),
      })
    })

    it('changes and deletes nothing of another instance', async () => {
      const storage = await openWithInstances(open)
      const machine = aMachine()
      await insert(storage, machine)
      const changed = await storage.transaction(({ machines }) =>
        machines.update(ELSEWHERE, machine.id, { name: 'stolen', at: later(1) }),
      )
      expect(changed).toBeNull()
      expect(await storage.transaction(({ machines }) => machines.delete(ELSEWHERE, machine.id))).toBe(false)
      expect(await storage.read.machines.find(HERE, machine.id)).toEqual(machine)
    })

    // Stops the keys and scopes of a deleted machine from outliving it.
    it('deletes a machine with its keys and every scope from and to it', async () => {
      const storage = await openWithInstances(open)
      const other = aMachine()
      const machine = aMachine({ scopes: [other.id] })
      const key = aMachineSecretKey(machine)
      await insert(storage, other, machine)
      await storage.transaction(async ({ machines }) => {
        await machines.insertSecretKey(key)
        await machines.addScope({ from: other.id, to: machine.id, createdAt: later(1) })
      })
      expect(await storage.read.machines.findSecretKey(key.id)).toEqual(key)
      expect((await storage.read.machines.find(HERE, other.id))!.scopes).toEqual([machine.id])

      expect(await storage.transaction(({ machines }) => machines.delete(HERE, machine.id))).toBe(true)
      expect(await storage.read.machines.find(HERE, machine.id)).toBeNull()
      expect(await storage.read.machines.findSecretKey(key.id)).toBeNull()
      expect(await storage.read.machines.newestSecretKey(HERE, machine.id)).toBeNull()
      expect((await storage.read.machines.find(HERE, other.id))!.scopes).toEqual([])
      expect(await storage.transaction(({ machines }) => machines.delete(HERE, machine.id))).toBe(false)
    })

    it('adds a scope once and removes it once', async () => {
      const storage = await openWithInstances(open)
      const [a, b] = [aMachine(), aMachine()]
      await insert(storage, a, b)
      const scopes = async () => (await storage.read.machines.find(HERE, a.id))!.scopes
      const add = () =>
        storage.transaction((stores) =>
          stores.machines.addScope({ from: a.id, to: b.id, createdAt: later(0) }),
        )
      const remove = () => storage.transaction((stores) => stores.machines.removeScope(a.id, b.id))

      expect(await scopes()).toEqual([])
      expect([await add(), await add(), await scopes()]).toEqual([true, false, [b.id]])
      expect([await remove(), await remove(), await scopes()]).toEqual([true, false, []])
    })
  })

  describe('the list of machines', () => {
    const listed = async (storage: Storage, query: Partial<MachineQuery>) => {
      const { machines, totalCount } = await storage.read.machines.list(HERE, { ...ALL, ...query })
      return [machines.map(({ name }) => name), totalCount]
    }
    const named = (name: string, age = 0) => aMachine({ name, createdAt: later(-age) })

    it('is of one instance, in the order asked for', async () => {
      const storage = await openWithInstances(open)
      await insert(storage, named('b', 3), named('c', 1), named('a', 2), aMachine({ instanceId: ELSEWHERE }))
      expect(await listed(storage, {})).toEqual([['b', 'a', 'c'], 3])
      expect(await listed(storage, { descending: true })).toEqual([['c', 'a', 'b'], 3])
      expect(await listed(storage, { orderBy: 'name' })).toEqual([['a', 'b', 'c'], 3])
      expect(await listed(storage, { orderBy: 'name', descending: true })).toEqual([['c', 'b', 'a'], 3])
    })

    it('has each machine on one page, however many were made at one moment', async () => {
      const storage = await openWithInstances(open)
      await insert(storage, ...Array.from({ length: 7 }, (_, index) => named(`m${index}`)))
      const pages = await Promise.all([0, 3, 6, 9].map((offset) => listed(storage, { limit: 3, offset })))
      expect(pages.map(([, total]) => total)).toEqual([7, 7, 7, 7])
      const names = pages.flatMap(([page]) => page as string[])
      expect(names.toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6'])
    })

    it('finds an exact id, and no part of one', async () => {
      const storage = await openWithInstances(open)
      const machine = named('a')
      await insert(storage, machine, named('b'))
      expect(await listed(storage, { search: machine.id })).toEqual([['a'], 1])
      expect(await listed(storage, { search: machine.id.slice(0, -1) })).toEqual([[], 0])
    })

    // A22: stops the wildcards of SQL from finding more than was asked for.
    it.each([
      ['A', ['a1', 'Xa']],
      ['%', ['50%']],
      ['_', ['a_b']],
      ['\\', ['c\\d']],
      ["'", ["o'c"]],
      ['ä', ['Ähre']],
      ['ÄHR', ['Ähre']],
      ['ж', ['ЖУК']],
      ['zzz', []],
    ])('finds a part of a name in any case, taken literally: %s', async (search, names) => {
      const storage = await openWithInstances(open)
      await insert(
        storage,
        ...['Xa', 'a1', '50%', 'a_b', 'c\\d', "o'c", 'Ähre', 'ЖУК'].map((name) => named(name)),
      )
      const [found, total] = await listed(storage, { search, orderBy: 'name' })
      const expected = search === 'A' ? [...names, 'a_b'] : names
      expect((found as string[]).toSorted()).toEqual(expected.toSorted())
      expect(total).toBe(expected.length)
    })
  })

  describe('the secret keys of a machine', () => {
    it('are found by their id, ended or not, and the newest is known', async () => {
      const storage = await openWithInstances(open)
      const machine = aMachine()
      const keys = [aMachineSecretKey(machine, { expiresAt: later(-1) }), aMachineSecretKey(machine)]
      await insert(storage, machine)
      expect(await storage.read.machines.newestSecretKey(HERE, machine.id)).toBeNull()
      for (const key of keys) await storage.transaction(({ machines }) => machines.insertSecretKey(key))
      for (const key of keys) expect(await storage.read.machines.findSecretKey(key.id)).toEqual(key)
      expect(await storage.read.machines.newestSecretKey(HERE, machine.id)).toEqual(keys[1])
      expect(await storage.read.machines.newestSecretKey(ELSEWHERE, machine.id)).toBeNull()
      expect(await storage.read.machines.findSecretKey('key_none' as SecretKeyId)).toBeNull()
    })

    // Stops a second rotation from giving a key that is about to end more time.
    it('are ended at a moment, and never later than they end already', async () => {
      const storage = await openWithInstances(open)
      const machine = aMachine()
      const key = aMachineSecretKey(machine)
      await insert(storage, machine)
      await storage.transaction(({ machines }) => machines.insertSecretKey(key))
      const endsAfter = async (at: number) => {
        await storage.transaction(({ machines }) => machines.expireSecretKey(key.id, later(at)))
        return (await storage.read.machines.findSecretKey(key.id))!.expiresAt
      }
      expect([await endsAfter(100), await endsAfter(200), await endsAfter(50), await endsAfter(60)]).toEqual([
        later(100),
        later(100),
        later(50),
        later(50),
      ])
    })
  })
}
