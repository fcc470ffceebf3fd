import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuthority, type Authority } from '../authority.ts'
import type { Call, MachineCaller } from '../core/caller.ts'
import { createIdSource, uuidOf } from '../core/ids.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { formatSecret, type SecretPrefix } from '../core/secrets/secrets.ts'
import { millis, seconds, systemClock } from '../core/time.ts'
import { createInstance } from '../directory/instances/create.ts'
import { createMachine } from '../directory/machines/create.ts'
import { privateKeyOf } from '../signing/signing-key.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { Storage } from '../storage/storage.ts'
import { issueM2mToken } from '../tokens/m2m-tokens/issue.ts'
import { verifyM2mToken } from '../tokens/m2m-tokens/verify.ts'
import { issueTestingToken } from '../tokens/testing-tokens/issue.ts'
import { verifyTestingToken } from '../tokens/testing-tokens/verify.ts'
import { ConfigError } from './config.ts'
import { openKeyRing } from './key-ring.ts'

const [A, B, C] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const ports = { clock: systemClock, random: systemRandom }
let folder: string
let storage: Storage

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
  storage = await openSqlite(folder, { migrate: true, cachedTokens: 100, onFatal: () => {} })
})

afterEach(async () => {
  await storage.close()
  rmSync(folder, { recursive: true })
})

const open = (current: Uint8Array, ...previous: Uint8Array[]) =>
  openKeyRing({ ...ports, storage }, { current, previous })

async function start(current: Uint8Array, ...previous: Uint8Array[]): Promise<Authority> {
  const ring = await open(current, ...previous)
  return createAuthority(
    { ...ports, storage, ring, ids: createIdSource(ports) },
    {
      publicUrl: 'http://127.0.0.1:4100',
      acceptUnknownUsers: false,
      machineJwtCategory: 'current',
      longestLifetime: null,
      rememberedSecrets: 10,
      clockSkew: millis(0),
      frontendUrl: null,
      testingTokensOnLive: false,
    },
  )
}

/** An instance with a machine, an M2M token and a testing token, all made now. */
async function mint({ deps }: Authority) {
  const { instance } = await createInstance(
    deps,
    { name: 'i', environment: 'test', frontendOrigin: null },
    'trace',
  )
  const operator: Call = {
    caller: { kind: 'operator', instanceId: instance.id },
    address: null,
    traceId: 'trace',
  }
  const { machine } = await createMachine(deps, operator, { name: 'm', scopes: [], defaultTokenTtl: null })
  const caller = { kind: 'machine', instanceId: instance.id, machineId: machine.id, keyId: 'key' } as never
  const call: Call<MachineCaller> = { ...operator, caller }
  const m2m = await issueM2mToken(deps, call, {
    format: 'opaque',
    lifetime: null,
    claims: null,
    minRemaining: null,
  })
  const jwt = await issueM2mToken(deps, call, {
    format: 'jwt',
    lifetime: seconds(60),
    claims: null,
    minRemaining: null,
  })
  const testing = await issueTestingToken(deps, operator, {
    lifetime: seconds(60),
    label: null,
    maxUses: null,
  })
  return { operator, m2m, jwt, testing }
}

const signingKeysOf = async (authority: Authority) => {
  const [instance] = await authority.storage.read.instances.list()
  return authority.storage.read.signingKeys.keysOf(instance!.id)
}

describe('the master key of a database', () => {
  it('is the first one it is opened with', async () => {
    expect((await open(A)).currentId).toBe(1)
    expect((await open(A)).currentId).toBe(1)
    expect(await storage.read.masterKeys.list()).toHaveLength(1)
  })

  // Stops a wrong key from making secrets that the right one does not know, and from hiding those it does.
  it('can be no other one', async () => {
    await open(A)
    await expect(open(B)).rejects.toThrow(ConfigError)
    await expect(open(B, C)).rejects.toThrow(/not the one this database was made with/)
    expect(await storage.read.masterKeys.list()).toHaveLength(1)
    expect((await open(A)).currentId).toBe(1)
  })

  it('is not itself in the database, nor anything derived from it but a fingerprint', async () => {
    await open(A)
    const [known] = await storage.read.masterKeys.list()
    expect(known!.fingerprint).toMatch(/^[0-9a-f]{32}$/)
    expect(known!.fingerprint).not.toContain('0101')
  })
})

describe('a rotated master key', () => {
  it('has the next number, the same one at the next start', async () => {
    await open(A)
    expect((await open(B, A)).currentId).toBe(2)
    expect((await open(B, A)).currentId).toBe(2)
    expect((await open(C, A, B)).currentId).toBe(3)
  })

  it('keeps everything good that was made under the previous one', async () => {
    const { operator, m2m, jwt, testing } = await mint(await start(A))
    const { deps } = await start(B, A)
    for (const { secret } of [m2m, jwt])
      expect(await verifyM2mToken(deps, operator, secret)).toMatchObject({ active: true })
    expect(await verifyTestingToken(deps, operator.caller.instanceId, testing.secret)).toMatchObject({
      active: true,
    })
  })

  it('opens every signing key alone from then on, and the change is on record', async () => {
    await mint(await start(A))
    await open(B, A)
    const alone = await start(B)
    const keys = await signingKeysOf(alone)
    expect(keys.map(({ sealed }) => sealed.keyId)).toEqual([2, 2])
    for (const key of keys) expect(privateKeyOf(alone.deps.ring, key).asymmetricKeyType).toBe('rsa')

    const events = await storage.read.audit.newest(2)
    expect(events.map(({ action }) => action)).toEqual(['signing_key.reseal', 'signing_key.reseal'])
    expect(events.map(({ targetId }) => targetId).toSorted()).toEqual(
      keys.map(({ id }) => id as string).toSorted(),
    )
  })

  // Stops a stolen old key once its successor stands alone.
  it('ends what was made under the previous one when that is left out', async () => {
    const { operator, m2m, jwt, testing } = await mint(await start(A))
    await open(B, A)
    const { deps } = await start(B)
    expect(await verifyM2mToken(deps, operator, m2m.secret)).toEqual({ active: false, reason: 'malformed' })
    expect(await verifyTestingToken(deps, operator.caller.instanceId, testing.secret)).toMatchObject({
      active: false,
    })
    expect(await verifyM2mToken(deps, operator, jwt.secret)).toMatchObject({ active: true })
  })

  it('goes on at the next start where it was stopped halfway', async () => {
    await mint(await start(A))
    let transactions = 0
    const stopping: Storage = {
      ...storage,
      // One for the new key, one for the first signing key.
      transaction: (work) =>
        ++transactions > 2 ? Promise.reject(new Error('killed')) : storage.transaction(work),
    }
    await expect(openKeyRing({ ...ports, storage: stopping }, { current: B, previous: [A] })).rejects.toThrow(
      'killed',
    )
    expect(await storage.read.signingKeys.notSealedUnder(2)).toHaveLength(1)
    await open(B, A)
    expect(await storage.read.signingKeys.notSealedUnder(2)).toEqual([])
    const done = await start(B)
    for (const key of await signingKeysOf(done))
      expect(privateKeyOf(done.deps.ring, key).type).toBe('private')
  })

  it('is refused without the previous one while a signing key is still sealed under that', async () => {
    await mint(await start(A))
    let transactions = 0
    const stopping: Storage = {
      ...storage,
      transaction: (work) =>
        ++transactions > 1 ? Promise.reject(new Error('killed')) : storage.transaction(work),
    }
    await expect(openKeyRing({ ...ports, storage: stopping }, { current: B, previous: [A] })).rejects.toThrow(
      'killed',
    )
    await expect(open(B)).rejects.toThrow(/add it to MINTMARK_PREVIOUS_MASTER_KEYS/)
    await open(B, A)
    expect((await open(B)).currentId).toBe(2)
  })
})

// Stops who stole the key that was replaced, perhaps for that very reason, from making secrets for what was
// issued since: he can still compute a right tag, because the old key has to stay in the ring for a while.
describe('a secret forged under the previous key for what the new key issued is refused', () => {
  const forge = ({ deps }: Authority, prefix: SecretPrefix, owner: never, id: never) =>
    formatSecret(deps.ring.macKeys, { prefix, owner, id: uuidOf(id), keyId: 1 })

  it('as an M2M token', async () => {
    await open(A)
    const authority = await start(B, A)
    const { operator, m2m } = await mint(authority)
    const forged = forge(authority, 'mt_', operator.caller.instanceId as never, m2m.token.id as never)
    expect(await verifyM2mToken(authority.deps, operator, forged)).toEqual({
      active: false,
      reason: 'unknown',
    })
    expect(await verifyM2mToken(authority.deps, operator, m2m.secret)).toMatchObject({ active: true })
  })

  it('as a testing token', async () => {
    await open(A)
    const authority = await start(B, A)
    const { operator, testing } = await mint(authority)
    const { instanceId } = operator.caller
    const digits = forge(authority, 'c_', instanceId as never, testing.token.id as never)
    const forged = `${testing.secret.split('-')[0]}-${digits}`
    expect(await verifyTestingToken(authority.deps, instanceId, forged)).toEqual({
      active: false,
      reason: 'unknown',
    })
    expect(await verifyTestingToken(authority.deps, instanceId, testing.secret)).toMatchObject({
      active: true,
    })
  })
})
