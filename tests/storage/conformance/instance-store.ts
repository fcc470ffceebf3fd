import { describe, expect, it } from 'vitest'
import type { InstanceId, SecretKeyId } from '../../../packages/server/src/core/ids.ts'
import {
  anInstance,
  anInstanceSecretKey,
  ELSEWHERE,
  HERE,
  later,
  openWithInstances,
  type Open,
} from '../records.ts'

export function instanceStoreConformance(open: Open): void {
  describe('the store of instances', () => {
    it('gives back an instance as it was inserted', async () => {
      const storage = await openWithInstances(open)
      const live = anInstance({ name: 'Größe "x"', environment: 'live', frontendOrigin: 'https://a.example' })
      await storage.transaction(({ instances }) => instances.insert(live))
      expect(await storage.read.instances.find(live.id)).toEqual(live)
    })

    it('gives back what is said of how browsers use it, and replaces all of that and nothing else', async () => {
      const storage = await openWithInstances(open)
      const said = {
        allowedOrigins: ['https://app.example', 'https://b.example:8443'],
        signInUrl: 'https://app.example/sign-in?a=1',
        homeUrl: 'https://app.example/',
      }
      const instance = anInstance({ frontendOrigin: 'https://a.example', ...said })
      await storage.transaction(({ instances }) => instances.insert(instance))
      expect(await storage.read.instances.find(instance.id)).toEqual(instance)
      const next = {
        allowedOrigins: ['http://127.0.0.1:3000'],
        signInUrl: null,
        homeUrl: 'https://c.example',
      }
      await storage.transaction(({ instances }) => instances.setBrowsing(instance.id, next))
      expect(await storage.read.instances.find(instance.id)).toEqual({ ...instance, ...next })
      expect((await storage.read.instances.find(HERE))!.allowedOrigins).toEqual([])
      const nothing = { allowedOrigins: [], signInUrl: null, homeUrl: null }
      await storage.transaction(({ instances }) => instances.setBrowsing(instance.id, nothing))
      expect((await storage.read.instances.list()).find(({ id }) => id === instance.id)).toEqual({
        ...instance,
        ...nothing,
      })
    })

    it('finds nothing under an id that is not there', async () => {
      const storage = await openWithInstances(open)
      expect(await storage.read.instances.find('ins_none' as InstanceId)).toBeNull()
      expect(await storage.read.instances.find(HERE.toLowerCase() as InstanceId)).toBeNull()
    })

    it('lists instances, the oldest first', async () => {
      const storage = await open()
      const made = [5, 1, 3].map((age) => anInstance({ createdAt: later(-age) }))
      for (const instance of made) await storage.transaction(({ instances }) => instances.insert(instance))
      const listed = await storage.read.instances.list()
      expect(listed).toEqual(made.toSorted((a, b) => a.createdAt - b.createdAt))
    })

    // Stops two instances from issuing JWTs under one name.
    it('takes no frontend origin twice', async () => {
      const storage = await openWithInstances(open)
      const insert = () =>
        storage.transaction(({ instances }) =>
          instances.insert(anInstance({ frontendOrigin: 'https://a.example' })),
        )
      await insert()
      await expect(insert()).rejects.toThrow()
      expect(await storage.read.instances.list()).toHaveLength(3)
    })

    it('finds a secret key by its id, whatever its instance', async () => {
      const storage = await openWithInstances(open)
      const key = anInstanceSecretKey({ environment: 'live' })
      await storage.transaction(({ instances }) => instances.insertSecretKey(key))
      expect(await storage.read.instances.findSecretKey(key.id)).toEqual(key)
      expect(await storage.read.instances.findSecretKey('key_none' as SecretKeyId)).toBeNull()
    })

    it('knows the newest secret key of an instance', async () => {
      const storage = await openWithInstances(open)
      expect(await storage.read.instances.newestSecretKey(HERE)).toBeNull()
      const keys = [anInstanceSecretKey(), anInstanceSecretKey()]
      for (const key of keys.toReversed()) {
        await storage.transaction(({ instances }) => instances.insertSecretKey(key))
      }
      expect(await storage.read.instances.newestSecretKey(HERE)).toEqual(keys[1])
    })

    // Stops a key that was ended from being given more time, and one instance from ending the keys of another.
    it('ends every secret key of an instance at a moment, and never later than it ends already', async () => {
      const storage = await openWithInstances(open)
      const keys = [
        anInstanceSecretKey(),
        anInstanceSecretKey({ expiresAt: later(50) }),
        anInstanceSecretKey({ expiresAt: later(200) }),
        anInstanceSecretKey({ instanceId: ELSEWHERE }),
      ]
      for (const key of keys) {
        await storage.transaction(({ instances }) => instances.insertSecretKey(key))
        expect(await storage.read.instances.findSecretKey(key.id)).toEqual(key)
      }
      await storage.transaction(({ instances }) => instances.expireSecretKeys(HERE, later(100)))
      const found = await Promise.all(keys.map(({ id }) => storage.read.instances.findSecretKey(id)))
      expect(found.map((key) => key!.expiresAt)).toEqual([later(100), later(50), later(100), null])
    })

    it('takes no secret key of an instance or a master key that is not there', async () => {
      const storage = await openWithInstances(open)
      for (const change of [{ instanceId: 'ins_none' as InstanceId }, { macKeyId: 9 }]) {
        const key = anInstanceSecretKey(change)
        await expect(storage.transaction(({ instances }) => instances.insertSecretKey(key))).rejects.toThrow()
        expect(await storage.read.instances.findSecretKey(key.id)).toBeNull()
      }
    })
  })
}
