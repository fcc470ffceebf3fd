/** What is kept in memory of the records that verification reads. */
import type { InstanceId } from '../../core/ids.ts'
import type { Instance, InstanceSecretKey } from '../../directory/instances/instance.ts'
import type { Machine, MachineSecretKey } from '../../directory/machines/machine.ts'
import type { SigningKey } from '../../signing/signing-key.ts'
import type { M2mToken } from '../../tokens/m2m-tokens/m2m-token.ts'
import type { Readers } from '../storage.ts'
import type { ChangeSet } from './changes.ts'
import { createExactCache, type ExactCache } from './exact-cache.ts'

/** Machines, keys and instances that are kept in memory. */
const CACHED_DIRECTORY = 20_000

export interface Caches {
  /** The readers, with what is kept in front of the look-ups that verification makes. */
  inFrontOf(readers: Readers): Readers
  /** Forgets what has changed. */
  forget(changed: ChangeSet): void
  clear(): void
}

/** @param cachedTokens how many M2M tokens are kept */
export function createCaches(cachedTokens: number): Caches {
  const directory = {
    instances: createExactCache<Instance>(CACHED_DIRECTORY),
    instanceKeys: createExactCache<InstanceSecretKey>(CACHED_DIRECTORY),
    signingKeys: createExactCache<readonly SigningKey[]>(CACHED_DIRECTORY),
    machines: createExactCache<Machine>(CACHED_DIRECTORY),
    machineKeys: createExactCache<MachineSecretKey>(CACHED_DIRECTORY),
  }
  const m2mTokens = createExactCache<M2mToken>(cachedTokens)
  const clearDirectory = () => Object.values(directory).forEach((each) => each.clear())

  return {
    inFrontOf: (readers) => ({
      ...readers,
      instances: {
        ...readers.instances,
        find: async (id) => byId(directory.instances, id, () => readers.instances.find(id)),
        findSecretKey: async (id) =>
          byId(directory.instanceKeys, id, () => readers.instances.findSecretKey(id)),
      },
      signingKeys: {
        ...readers.signingKeys,
        keysOf: async (instanceId) =>
          (await byId(directory.signingKeys, instanceId, async () => {
            const keys = await readers.signingKeys.keysOf(instanceId)
            return keys.length === 0 ? null : keys
          })) ?? [],
      },
      machines: {
        ...readers.machines,
        find: async (instanceId, id) =>
          ofInstance(directory.machines, instanceId, id, () => readers.machines.find(instanceId, id)),
        findSecretKey: async (id) =>
          byId(directory.machineKeys, id, () => readers.machines.findSecretKey(id)),
      },
      m2mTokens: {
        ...readers.m2mTokens,
        find: async (instanceId, id) =>
          ofInstance(m2mTokens, instanceId, id, () => readers.m2mTokens.find(instanceId, id)),
      },
    }),
    forget(changed) {
      if (changed.directory) clearDirectory()
      for (const id of changed.m2mTokens) m2mTokens.evict(id)
    },
    clear() {
      clearDirectory()
      m2mTokens.clear()
    },
  }
}

const byId = <Value>(cache: ExactCache<Value>, key: string, read: () => Promise<Value | null>) =>
  cache.through({ key, owner: '', isMeant: () => true, read })

const ofInstance = <Value extends { readonly instanceId: InstanceId }>(
  cache: ExactCache<Value>,
  instanceId: InstanceId,
  key: string,
  read: () => Promise<Value | null>,
) => cache.through({ key, owner: instanceId, isMeant: (kept) => kept.instanceId === instanceId, read })
