import { describe, expect, it } from 'vitest'
import type { AuthorityError } from '../core/errors.ts'
import { createIdSource, secretKeyId, uuidOf, type InstanceId, type MachineId } from '../core/ids.ts'
import { createKeyRing } from '../core/secrets/master-key.ts'
import type { Callers, Operation } from '../core/operation.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { createSecretReader, formatSecret } from '../core/secrets/secrets.ts'
import { millis } from '../core/time.ts'
import type { InstanceSecretKey } from '../directory/instances/instance.ts'
import type { MachineSecretKey } from '../directory/machines/machine.ts'
import { authenticate } from './authenticate.ts'
import type { HttpRequest } from './exchange.ts'

const NOON = Date.UTC(2026, 0, 15, 12)
const HERE = 'ins_here' as InstanceId
const keys = [1, 2].map((id) => [id, new Uint8Array(32).fill(id)] as const)
const ring = createKeyRing(new Map(keys), 2, systemRandom)
const ids = createIdSource({ clock: { now: () => millis(NOON) }, random: systemRandom })

const instanceKey: InstanceSecretKey = {
  id: secretKeyId(ids.uuid()),
  instanceId: HERE,
  environment: 'test',
  macKeyId: 2,
  createdAt: millis(NOON),
  expiresAt: millis(NOON + 1_000),
}
const machineKey: MachineSecretKey = {
  id: secretKeyId(ids.uuid()),
  machineId: 'mch_a' as MachineId,
  instanceId: HERE,
  macKeyId: 2,
  createdAt: millis(NOON),
  expiresAt: millis(NOON + 1_000),
}

const secretOf = (
  prefix: 'sk_test_' | 'sk_live_' | 'ak_' | 'mt_',
  key: { id: InstanceSecretKey['id'] },
  keyId = 2,
) => formatSecret(ring.macKeys, { prefix, owner: null, id: uuidOf(key.id), keyId })

/** Asks with one header; tells the caller or the code, and how often the store was asked. */
async function ask(
  header: string | null,
  callers: Callers = 'instance or machine',
  at = NOON,
  repeated = false,
) {
  let lookups = 0
  const found = <T extends { id: string }>(all: readonly T[], id: string): T | null => {
    lookups++
    return all.find((key) => key.id === id) ?? null
  }
  const request = { header: () => header, repeated: () => repeated } as unknown as HttpRequest
  const answer = await authenticate(
    {
      clock: { now: () => millis(at) },
      readSecret: createSecretReader(ring.macKeys, 10),
      read: {
        instances: { findSecretKey: async (id) => found([instanceKey], id) },
        machines: { findSecretKey: async (id) => found([machineKey], id) },
      },
    },
    { callers } as Operation,
    request,
  ).catch((error: unknown) => (error as AuthorityError).code)
  return { answer, lookups }
}

describe('a good key', () => {
  it('opens for its instance until it ends', async () => {
    const header = `Bearer ${secretOf('sk_test_', instanceKey)}`
    const caller = { kind: 'instance', instanceId: HERE, keyId: instanceKey.id }
    expect((await ask(header)).answer).toEqual(caller)
    expect((await ask(header, 'instance', NOON + 999)).answer).toEqual(caller)
    expect((await ask(header, 'instance', NOON + 1_000)).answer).toBe('clerk_key_invalid')
  })

  it('opens for its machine until it ends', async () => {
    const header = `bearer ${secretOf('ak_', machineKey)}`
    const caller = { kind: 'machine', instanceId: HERE, machineId: 'mch_a', keyId: machineKey.id }
    expect((await ask(header)).answer).toEqual(caller)
    expect((await ask(header, 'machine', NOON + 999)).answer).toEqual(caller)
    expect((await ask(header, 'machine', NOON + 1_000)).answer).toBe('machine_secret_key_invalid')
  })

  it('of the wrong kind of caller opens nothing', async () => {
    expect((await ask(`Bearer ${secretOf('ak_', machineKey)}`, 'instance')).answer).toBe('clerk_key_invalid')
    expect((await ask(`Bearer ${secretOf('sk_test_', instanceKey)}`, 'machine')).answer).toBe(
      'machine_secret_key_invalid',
    )
  })
})

// Stops a flood of made-up keys from costing the database anything.
describe('garbage is refused with no look-up:', () => {
  const good = secretOf('sk_test_', instanceKey)
  const owned = formatSecret(ring.macKeys, {
    prefix: 'ak_',
    owner: HERE,
    id: uuidOf(machineKey.id),
    keyId: 2,
  })
  it.each([
    ['a word', 'x'],
    ['a prefix', 'sk_test_'],
    ['the right length', `sk_test_${'0'.repeat(51)}`],
    ['a good key with its last digit changed', good.slice(0, -1) + (good.endsWith('0') ? '1' : '0')],
    ['a good key cut short', good.slice(0, -1)],
    ['a token in the place of a key', secretOf('mt_', instanceKey)],
    ['a good key under another prefix', good.replace('sk_test_', 'sk_live_')],
    ['a secret of a machine that was made for an instance', owned],
    ['a JWT', 'eyJhbGciOiJub25lIn0.e30.'],
    ['a publishable key', 'pk_test_Y2xlcmsuZXhhbXBsZSQ'],
    ['a key of 60 kB', `ak_${'0'.repeat(60_000)}`],
  ])('%s', async (_name, key) => {
    for (const callers of ['instance', 'machine', 'instance or machine'] as const) {
      const { answer, lookups } = await ask(`Bearer ${key}`, callers)
      expect(answer).toBe(callers === 'instance' ? 'clerk_key_invalid' : 'machine_secret_key_invalid')
      expect(lookups).toBe(0)
    }
  })
})

// A16: stops a header that a proxy and this server could read differently.
describe('a header of another form is refused with no look-up:', () => {
  const good = secretOf('sk_test_', instanceKey)
  it.each([
    ['none', null],
    ['empty', ''],
    ['the scheme alone', 'Bearer'],
    ['the scheme and a space', 'Bearer '],
    ['no scheme', good],
    ['another scheme', `Basic ${good}`],
    ['the scheme twice', `Bearer Bearer ${good}`],
    ['two keys', `Bearer ${good} ${good}`],
    ['two headers joined', `Bearer ${good}, Bearer ${good}`],
    ['two spaces', `Bearer  ${good}`],
    ['a tab', `Bearer\t${good}`],
    ['a space before', ` Bearer ${good}`],
    ['a space after', `Bearer ${good} `],
    ['a line end', `Bearer ${good}\n`],
  ])('%s', async (_name, header) => {
    const { answer, lookups } = await ask(header)
    expect(answer).toBe('authorization_header_format_invalid')
    expect(lookups).toBe(0)
  })

  it('sent twice, even if both are the same', async () => {
    const { answer, lookups } = await ask(`Bearer ${good}`, 'instance', NOON, true)
    expect([answer, lookups]).toEqual(['authorization_header_format_invalid', 0])
  })
})

describe('a well-made key that the store does not know so', () => {
  it('opens nothing where its id is unknown', async () => {
    const { answer } = await ask(
      `Bearer ${secretOf('sk_test_', { id: secretKeyId(ids.uuid()) })}`,
      'instance',
    )
    expect(answer).toBe('clerk_key_invalid')
  })

  // Stops who stole a replaced master key from making keys for what was issued since.
  it('opens nothing where it was made under another master key than its record says', async () => {
    const forged = [secretOf('sk_test_', instanceKey, 1), secretOf('ak_', machineKey, 1)]
    for (const key of forged) expect((await ask(`Bearer ${key}`)).answer).toBe('machine_secret_key_invalid')
  })

  // Stops a key of a test instance from being presented as a live one.
  it('opens nothing under the prefix of another environment', async () => {
    expect((await ask(`Bearer ${secretOf('sk_live_', instanceKey)}`, 'instance')).answer).toBe(
      'clerk_key_invalid',
    )
  })
})
