/** As `token-calls.ts`, for machines, users and keys. */
import { expect } from 'vitest'
import { TEXT, type EveryCall, type World } from './every-function.ts'

/** A function that makes what another call needs. */
const freshMachine = async ({ client }: World) => (await client.machines.create({ name: 'fresh' })).id
const freshUser = async ({ client }: World) => (await client.users.create()).id

export const DIRECTORY_CALLS: readonly EveryCall[] = [
  {
    name: 'machinesList',
    method: 'machines.list',
    args: () => [{ limit: 2, orderBy: '+name', query: 'a machine' }],
    sends: () => ({ method: 'GET', path: '/v1/machines?limit=2&order_by=%2Bname&query=a+machine' }),
    gives: () => ({ data: [{ object: 'machine' }, { object: 'machine' }], totalCount: 2 }),
  },
  {
    name: 'machinesCreate',
    method: 'machines.create',
    args: ({ other }) => [{ name: 'billing', scopedMachines: [other.id], defaultTokenTtl: 60 }],
    sends: ({ other }) => ({
      method: 'POST',
      path: '/v1/machines',
      body: { name: 'billing', scoped_machines: [other.id], default_token_ttl: 60 },
    }),
    gives: ({ other }) => ({ name: 'billing', secretKey: TEXT, scopedMachines: [{ id: other.id }] }),
  },
  {
    name: 'machinesGet',
    method: 'machines.get',
    args: ({ machine }) => [{ machineId: machine.id }],
    sends: ({ machine }) => ({ method: 'GET', path: `/v1/machines/${machine.id}` }),
    gives: ({ machine }) => ({ object: 'machine', id: machine.id, createdAt: expect.any(Number) }),
  },
  {
    name: 'machinesUpdate',
    method: 'machines.update',
    args: async (world) => [{ machineId: await freshMachine(world), name: 'renamed' }],
    sends: (_, [{ machineId }]) => ({
      method: 'PATCH',
      path: `/v1/machines/${machineId}`,
      body: { name: 'renamed' },
    }),
    gives: () => ({ name: 'renamed' }),
  },
  {
    name: 'machinesDelete',
    method: 'machines.delete',
    args: async (world) => [{ machineId: await freshMachine(world) }],
    sends: (_, [{ machineId }]) => ({ method: 'DELETE', path: `/v1/machines/${machineId}` }),
    gives: () => ({ object: 'machine', deleted: true }),
  },
  {
    name: 'machinesGetSecretKey',
    method: 'machines.getSecretKey',
    args: ({ machine }) => [{ machineId: machine.id }],
    sends: ({ machine }) => ({ method: 'GET', path: `/v1/machines/${machine.id}/secret_key` }),
    gives: ({ machine }) => ({ object: 'machine_secret_key', secret: machine.secretKey }),
  },
  {
    name: 'machinesRotateSecretKey',
    method: 'machines.rotateSecretKey',
    args: async (world) => [{ machineId: await freshMachine(world), previousTokenTtl: 0 }],
    sends: (_, [{ machineId }]) => ({
      method: 'POST',
      path: `/v1/machines/${machineId}/secret_key/rotate`,
      body: { previous_token_ttl: 0 },
    }),
    gives: () => ({ object: 'machine_secret_key', secret: TEXT }),
  },
  {
    name: 'machinesCreateScope',
    method: 'machines.createScope',
    args: async (world) => [{ machineId: await freshMachine(world), toMachineId: world.other.id }],
    sends: ({ other }, [{ machineId }]) => ({
      method: 'POST',
      path: `/v1/machines/${machineId}/scopes`,
      body: { to_machine_id: other.id },
    }),
    gives: ({ other }) => ({ object: 'machine_scope', toMachineId: other.id }),
  },
  {
    name: 'machinesDeleteScope',
    method: 'machines.deleteScope',
    args: async (world) => {
      const machineId = await freshMachine(world)
      await world.client.machines.createScope({ machineId, toMachineId: world.other.id })
      return [{ machineId, otherMachineId: world.other.id }]
    },
    sends: ({ other }, [{ machineId }]) => ({
      method: 'DELETE',
      path: `/v1/machines/${machineId}/scopes/${other.id}`,
    }),
    gives: () => ({ object: 'machine_scope', deleted: true }),
  },
  {
    name: 'usersList',
    method: 'users.list',
    args: ({ user }) => [{ userId: [user, 'user_none'], limit: 5 }],
    sends: ({ user }) => ({ method: 'GET', path: `/v1/users?user_id=${user}&user_id=user_none&limit=5` }),
    gives: ({ user }) => [{ object: 'user', id: user, username: 'ada' }],
  },
  {
    name: 'usersCount',
    method: 'users.count',
    args: () => [{ username: ['ada'] }],
    sends: () => ({ method: 'GET', path: '/v1/users/count?username=ada' }),
    gives: () => ({ object: 'total_count', totalCount: 1 }),
  },
  {
    name: 'usersCreate',
    method: 'users.create',
    args: () => [{ firstName: 'Grace', lastName: undefined, publicMetadata: { a_b: { cD: 1 } } }],
    sends: () => ({
      method: 'POST',
      path: '/v1/users',
      body: { first_name: 'Grace', public_metadata: { a_b: { cD: 1 } } },
    }),
    gives: () => ({ firstName: 'Grace', publicMetadata: { a_b: { cD: 1 } } }),
  },
  {
    name: 'usersGet',
    method: 'users.get',
    args: ({ user }) => [{ userId: user }],
    sends: ({ user }) => ({ method: 'GET', path: `/v1/users/${user}` }),
    gives: ({ user }) => ({ id: user }),
  },
  {
    name: 'usersUpdate',
    method: 'users.update',
    args: async (world) => [{ userId: await freshUser(world), firstName: 'Lin', lastName: null }],
    sends: (_, [{ userId }]) => ({
      method: 'PATCH',
      path: `/v1/users/${userId}`,
      body: { first_name: 'Lin', last_name: null },
    }),
    gives: () => ({ firstName: 'Lin', lastName: null }),
  },
  {
    name: 'usersDelete',
    method: 'users.delete',
    args: async (world) => [{ userId: await freshUser(world) }],
    sends: (_, [{ userId }]) => ({ method: 'DELETE', path: `/v1/users/${userId}` }),
    gives: () => ({ object: 'user', deleted: true }),
  },
  {
    name: 'usersReplaceMetadata',
    method: 'users.replaceMetadata',
    args: async (world) => [{ userId: await freshUser(world), unsafeMetadata: { a_b: 1 } }],
    sends: (_, [{ userId }]) => ({
      method: 'PUT',
      path: `/v1/users/${userId}/metadata`,
      body: { unsafe_metadata: { a_b: 1 } },
    }),
    gives: () => ({ unsafeMetadata: { a_b: 1 } }),
  },
  {
    name: 'usersMergeMetadata',
    method: 'users.mergeMetadata',
    args: async (world) => [{ userId: await freshUser(world), publicMetadata: { a_b: 1, gone: null } }],
    sends: (_, [{ userId }]) => ({
      method: 'PATCH',
      path: `/v1/users/${userId}/metadata`,
      body: { public_metadata: { a_b: 1, gone: null } },
    }),
    gives: () => ({ publicMetadata: { a_b: 1 } }),
  },
  {
    name: 'signingKeysList',
    method: 'signingKeys.list',
    args: () => [],
    sends: () => ({ method: 'GET', path: '/v1/signing_keys' }),
    gives: () => ({ data: expect.any(Array), totalCount: expect.any(Number) }),
  },
  {
    name: 'signingKeysRotate',
    args: () => [{ activateInSeconds: 3600, overlapSeconds: 7200 }],
    sends: () => ({
      method: 'POST',
      path: '/v1/signing_keys/rotate',
      body: { activate_in_seconds: 3600, overlap_seconds: 7200 },
    }),
    gives: () => ({ object: 'signing_key', id: TEXT, state: 'next' }),
  },
  {
    name: 'signingKeysRevoke',
    method: 'signingKeys.revoke',
    args: async ({ client }) => {
      const { data } = await client.signingKeys.list()
      return [
        { keyId: (data.find(({ state }) => state === 'next') ?? (await client.signingKeys.rotate())).id },
      ]
    },
    sends: (_, [{ keyId }]) => ({ method: 'POST', path: `/v1/signing_keys/${keyId}/revoke` }),
    gives: (_, [{ keyId }]) => ({ object: 'signing_key', id: keyId, state: 'revoked' }),
  },
  {
    name: 'jwksGet',
    method: 'jwks.get',
    args: () => [],
    sends: () => ({ method: 'GET', path: '/v1/jwks' }),
    gives: () => ({ keys: expect.arrayContaining([expect.objectContaining({ kty: 'RSA', alg: 'RS256' })]) }),
  },
]
