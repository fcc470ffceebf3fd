import { describe, expect, it } from 'vitest'
import type { UserId } from '../../../packages/server/src/core/ids.ts'
import type { UserPage, UserQuery } from '../../../packages/server/src/directory/users/store.ts'
import type { User } from '../../../packages/server/src/directory/users/user.ts'
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import {
  anEmailAddress,
  aSession,
  aUser,
  ELSEWHERE,
  HERE,
  later,
  openWithInstances,
  type Open,
} from '../records.ts'

const EVERYBODY: UserQuery = { ids: [], except: [], identifiers: {}, search: null }
const PAGE: UserPage = { orderBy: 'created_at', descending: false, limit: 100, offset: 0 }

const insert = (storage: Storage, user: User) => storage.transaction(({ users }) => users.insert(user))
const replace = (storage: Storage, user: User) => storage.transaction(({ users }) => users.replace(user))

const everything = (change: Partial<User> = {}): User =>
  aUser({
    externalId: 'ext "1"',
    username: 'ada',
    firstName: 'Ada',
    lastName: 'Lovelace',
    emailAddresses: [anEmailAddress('b@a.example'), anEmailAddress('a@a.example')],
    phoneNumbers: [{ id: 'idn_1' as never, value: '+491701234567' }],
    metadata: { public: { a: [1] }, private: JSON.parse('{"__proto__":{"x":1}}'), unsafe: { '😀': null } },
    ...change,
  })

export function userStoreConformance(open: Open): void {
  describe('the store of users', () => {
    it('gives back a user as it was inserted, its identifiers in their order', async () => {
      const storage = await openWithInstances(open)
      for (const user of [everything(), aUser()]) {
        expect(await insert(storage, user)).toBeNull()
        expect(await storage.read.users.find(HERE, user.id)).toEqual(user)
      }
    })

    it('finds no user for another instance, and none that is not there', async () => {
      const storage = await openWithInstances(open)
      const user = everything()
      await insert(storage, user)
      expect(await storage.read.users.find(ELSEWHERE, user.id)).toBeNull()
      expect(await storage.read.users.find(HERE, 'user_none' as UserId)).toBeNull()
    })

    // Stops two users of one instance from being reached under one name.
    it.each<readonly [string, Partial<User>]>([
      ['email_address', { emailAddresses: [anEmailAddress('x@a.example'), anEmailAddress('a@a.example')] }],
      ['phone_number', { phoneNumbers: [{ id: 'idn_2' as never, value: '+491701234567' }] }],
      ['username', { username: 'ada' }],
      ['external_id', { externalId: 'ext "1"' }],
    ])('tells that another user has the %s, and has written nothing', async (type, change) => {
      const storage = await openWithInstances(open)
      const [first, free] = [everything(), aUser({ username: 'free' })]
      await insert(storage, first)
      await insert(storage, free)
      const second = aUser(change)
      expect(await insert(storage, second)).toBe(type)
      expect(await storage.read.users.find(HERE, second.id)).toBeNull()
      expect(await replace(storage, { ...free, ...change })).toBe(type)
      expect(await storage.read.users.find(HERE, free.id)).toEqual(free)
      expect(await storage.read.users.find(HERE, first.id)).toEqual(first)
    })

    it('tells that a user has an identifier twice', async () => {
      const storage = await openWithInstances(open)
      const twice = [anEmailAddress('a@a.example'), anEmailAddress('a@a.example')]
      expect(await insert(storage, aUser({ emailAddresses: twice }))).toBe('email_address')
    })

    it('lets another instance, and another type, have the same value', async () => {
      const storage = await openWithInstances(open)
      await insert(storage, everything())
      expect(await insert(storage, everything({ instanceId: ELSEWHERE, id: aUser().id }))).toBeNull()
      expect(await insert(storage, aUser({ username: 'a@a.example', externalId: 'ada' }))).toBeNull()
    })

    it('lets exactly one of all who ask at once have an identifier', async () => {
      const storage = await openWithInstances(open)
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => insert(storage, aUser({ username: 'wanted' }))),
      )
      expect(answers.filter((answer) => answer === null)).toHaveLength(1)
    })

    it('replaces a user, who may keep and give up identifiers', async () => {
      const storage = await openWithInstances(open)
      const user = everything()
      await insert(storage, user)
      const next = everything({ id: user.id, username: null, firstName: null, updatedAt: later(5) })
      expect(await replace(storage, next)).toBeNull()
      expect(await storage.read.users.find(HERE, user.id)).toEqual(next)
      expect(await insert(storage, aUser({ username: 'ada' }))).toBeNull()
    })

    it('finds a user to hold as it finds it otherwise', async () => {
      const storage = await openWithInstances(open)
      const user = everything()
      await insert(storage, user)
      const hold = (instanceId: typeof HERE, id: UserId) =>
        storage.transaction(({ users }) => users.findAndHold(instanceId, id))
      expect(await hold(HERE, user.id)).toEqual(user)
      expect(await hold(ELSEWHERE, user.id)).toBeNull()
      expect(await hold(HERE, 'user_none' as UserId)).toBeNull()
    })

    // Stops a session from beginning for a user that is deleted at the same moment.
    it('has nobody delete a user who is held', async () => {
      const storage = await openWithInstances(open)
      for (let count = 0; count < 20; count++) {
        const user = aUser()
        await insert(storage, user)
        const begin = storage.transaction(async ({ users, sessions }) => {
          const held = await users.findAndHold(HERE, user.id)
          if (held !== null) await sessions.insert(aSession({ userId: user.id }))
        })
        const remove = storage.transaction(async ({ users, sessions }) => {
          await users.delete(HERE, user.id)
          await sessions.endAllOf(HERE, user.id, 'removed', later(5))
        })
        await Promise.all(count % 2 === 0 ? [begin, remove] : [remove, begin])
        const active = { browserId: null, userId: user.id, state: 'active', now: later(5) } as const
        const { totalCount } = await storage.read.sessions.list(HERE, active, { limit: 1, offset: 0 })
        expect(totalCount).toBe(0)
      }
    })

    it('deletes a user of the instance once, and its identifiers are free', async () => {
      const storage = await openWithInstances(open)
      const user = everything()
      await insert(storage, user)
      const remove = (instanceId: typeof HERE) =>
        storage.transaction(({ users }) => users.delete(instanceId, user.id))
      expect([await remove(ELSEWHERE), await remove(HERE), await remove(HERE)]).toEqual([false, true, false])
      expect(await storage.read.users.find(HERE, user.id)).toBeNull()
      expect(await insert(storage, everything())).toBeNull()
    })
  })

  describe('the list of users', () => {
    const listed = async (storage: Storage, query: Partial<UserQuery>, page: Partial<UserPage> = {}) => {
      const users = await storage.read.users.list(HERE, { ...EVERYBODY, ...query }, { ...PAGE, ...page })
      const names = users.map(({ username }) => username)
      if (Object.keys(page).length === 0)
        expect(await storage.read.users.count(HERE, { ...EVERYBODY, ...query })).toBe(names.length)
      return names
    }

    async function withThree(): Promise<{ storage: Storage; all: readonly User[] }> {
      const storage = await openWithInstances(open)
      const all = [
        aUser({
          username: 'one',
          firstName: 'Ada',
          createdAt: later(-3),
          updatedAt: later(-1),
          externalId: 'e1',
        }),
        aUser({
          username: 'two',
          lastName: 'Ähre',
          createdAt: later(-1),
          updatedAt: later(-3),
          externalId: 'e_1',
        }),
        aUser({
          username: 'three',
          emailAddresses: [anEmailAddress('ada@a.example')],
          createdAt: later(-2),
          updatedAt: later(-2),
        }),
      ]
      for (const user of [...all, aUser({ instanceId: ELSEWHERE, username: 'foreign' })])
        await insert(storage, user)
      return { storage, all }
    }

    it('is of one instance, in the order and of the pages asked for', async () => {
      const { storage } = await withThree()
      expect(await listed(storage, {})).toEqual(['one', 'three', 'two'])
      expect(await listed(storage, {}, { descending: true })).toEqual(['two', 'three', 'one'])
      expect(await listed(storage, {}, { orderBy: 'updated_at' })).toEqual(['two', 'three', 'one'])
      expect(await listed(storage, {}, { limit: 2 })).toEqual(['one', 'three'])
      expect(await listed(storage, {}, { limit: 2, offset: 2 })).toEqual(['two'])
      expect(await storage.read.users.count(ELSEWHERE, EVERYBODY)).toBe(1)
    })

    it('is narrowed by ids and by each type of identifier', async () => {
      const { storage, all } = await withThree()
      expect(await listed(storage, { ids: [all[0]!.id, all[1]!.id, 'user_none'] })).toEqual(['one', 'two'])
      expect(await listed(storage, { identifiers: { username: ['one', 'three', 'foreign'] } })).toEqual([
        'one',
        'three',
      ])
      expect(await listed(storage, { identifiers: { external_id: ['e1'], username: ['one'] } })).toEqual([
        'one',
      ])
      expect(await listed(storage, { identifiers: { external_id: ['e1'], username: ['two'] } })).toEqual([])
      expect(await listed(storage, { identifiers: { email_address: ['one'] } })).toEqual([])
      expect(await listed(storage, { ids: [all[1]!.id], identifiers: { username: ['one'] } })).toEqual([])
      expect(await listed(storage, { ids: [all[0]!.id, all[1]!.id], except: [all[1]!.id] })).toEqual(['one'])
    })

    it.each([
      ['ADA', ['one', 'three']],
      ['ähr', ['two']],
      ['E_1', ['two']],
      ['%', []],
      ['a.EXAMPLE', ['three']],
      ['foreign', []],
    ])('finds a part of a name or identifier in any case, taken literally: %s', async (search, names) => {
      const { storage } = await withThree()
      expect(await listed(storage, { search })).toEqual(names)
    })

    it('finds a part of an id', async () => {
      const { storage, all } = await withThree()
      expect(await listed(storage, { search: all[1]!.id.slice(-12).toLowerCase() })).toEqual(['two'])
    })
  })
}
