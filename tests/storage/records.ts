/** Records to put into a store: whole and plain, with what a test cares about changed. */
import type { AuditEvent } from '../../packages/server/src/audit/audit-event.ts'
import {
  browserId,
  createIdSource,
  m2mTokenId,
  secretKeyId,
  testingTokenId,
  type ActorTokenId,
  type EmailAddressId,
  type InstanceId,
  type KeyId,
  type MachineId,
  type SessionId,
  type SignInTokenId,
  type UserId,
} from '../../packages/server/src/core/ids.ts'
import { systemRandom } from '../../packages/server/src/core/secrets/random.ts'
import { millis, seconds } from '../../packages/server/src/core/time.ts'
import type { Browser } from '../../packages/server/src/directory/browsers/browser.ts'
import type { Instance, InstanceSecretKey } from '../../packages/server/src/directory/instances/instance.ts'
import type { Machine, MachineSecretKey } from '../../packages/server/src/directory/machines/machine.ts'
import type { Session } from '../../packages/server/src/directory/sessions/session.ts'
import type { User } from '../../packages/server/src/directory/users/user.ts'
import type { SigningKey } from '../../packages/server/src/signing/signing-key.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import type { ActorToken } from '../../packages/server/src/tokens/actor-tokens/actor-token.ts'
import type { M2mToken } from '../../packages/server/src/tokens/m2m-tokens/m2m-token.ts'
import type { SignInToken } from '../../packages/server/src/tokens/sign-in-tokens/sign-in-token.ts'
import type { TestingToken } from '../../packages/server/src/tokens/testing-tokens/testing-token.ts'

export const NOON = millis(Date.UTC(2026, 0, 15, 12))
/** So many milliseconds after noon. */
export const later = (milliseconds: number) => millis(NOON + milliseconds)

const ids = createIdSource({ clock: { now: () => NOON }, random: systemRandom })

/** Two instances that every storage here begins with. */
export const HERE = ids.next<InstanceId>('ins')
export const ELSEWHERE = ids.next<InstanceId>('ins')

/** Opens a storage that is empty. */
export type Open = () => Promise<Storage>

/** An open storage with a master key and both instances. */
export async function openWithInstances(open: Open): Promise<Storage> {
  const storage = await open()
  await storage.transaction(async ({ masterKeys, instances }) => {
    await masterKeys.insert({ id: 1, fingerprint: 'first', createdAt: NOON })
    await instances.insert(anInstance({ id: HERE, name: 'here' }))
    await instances.insert(anInstance({ id: ELSEWHERE, name: 'elsewhere' }))
  })
  return storage
}

export const anInstance = (change: Partial<Instance> = {}): Instance => ({
  id: ids.next<InstanceId>('ins'),
  name: 'an instance',
  environment: 'test',
  frontendOrigin: null,
  allowedOrigins: [],
  signInUrl: null,
  homeUrl: null,
  tokensNotBefore: null,
  createdAt: NOON,
  ...change,
})

export const anInstanceSecretKey = (change: Partial<InstanceSecretKey> = {}): InstanceSecretKey => ({
  id: secretKeyId(ids.uuid()),
  instanceId: HERE,
  environment: 'test',
  macKeyId: 1,
  createdAt: NOON,
  expiresAt: null,
  ...change,
})

export const aSigningKey = (change: Partial<SigningKey> = {}): SigningKey => ({
  id: ids.next<KeyId>('kid'),
  instanceId: HERE,
  use: 'token',
  alg: 'RS256',
  publicKey: { n: 'modulus', e: 'AQAB' },
  sealed: { keyId: 1, box: Uint8Array.of(0, 1, 2, 255) },
  createdAt: NOON,
  activeFrom: NOON,
  retiresAt: null,
  revokedAt: null,
  tokensNotBefore: null,
  ...change,
})

export const aMachine = (change: Partial<Machine> = {}): Machine => ({
  id: ids.next<MachineId>('mch'),
  instanceId: HERE,
  name: 'a machine',
  defaultTokenTtl: null,
  scopes: [],
  tokensNotBefore: null,
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

export const aMachineSecretKey = (
  machine: Machine,
  change: Partial<MachineSecretKey> = {},
): MachineSecretKey => ({
  id: secretKeyId(ids.uuid()),
  machineId: machine.id,
  instanceId: machine.instanceId,
  macKeyId: 1,
  createdAt: NOON,
  expiresAt: null,
  ...change,
})

export const aUser = (change: Partial<User> = {}): User => ({
  id: ids.next<UserId>('user'),
  instanceId: HERE,
  externalId: null,
  username: null,
  firstName: null,
  lastName: null,
  emailAddresses: [],
  phoneNumbers: [],
  metadata: { public: {}, private: {}, unsafe: {} },
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

export const anEmailAddress = (value: string) => ({ id: ids.next<EmailAddressId>('idn'), value })

export const anM2mToken = (change: Partial<M2mToken> = {}): M2mToken => ({
  id: m2mTokenId(ids.uuid()),
  instanceId: HERE,
  subject: 'mch_a' as MachineId,
  format: 'opaque',
  scopes: [],
  claims: null,
  macKeyId: 1,
  signingKeyId: null,
  expiresAt: null,
  revokedAt: null,
  revocationReason: null,
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

export const anActorToken = (change: Partial<ActorToken> = {}): ActorToken => ({
  id: ids.next<ActorTokenId>('act'),
  instanceId: HERE,
  userId: ids.next<UserId>('user'),
  actor: { sub: 'user_support' },
  status: 'pending',
  sessionMaxDuration: seconds(1_800),
  reason: null,
  reference: null,
  permissions: null,
  expiresAt: later(3_600_000),
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

export const aTestingToken = (change: Partial<TestingToken> = {}): TestingToken => ({
  id: testingTokenId(ids.uuid()),
  instanceId: HERE,
  macKeyId: 1,
  label: null,
  maxUses: null,
  uses: 0,
  revokedAt: null,
  createdAt: NOON,
  expiresAt: later(3_600_000),
  ...change,
})

export const aSignInToken = (change: Partial<SignInToken> = {}): SignInToken => ({
  id: ids.next<SignInTokenId>('sit'),
  instanceId: HERE,
  userId: ids.next<UserId>('user'),
  status: 'pending',
  expiresAt: later(3_600_000),
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

export const aBrowser = (change: Partial<Browser> = {}): Browser => ({
  id: browserId(ids.uuid()),
  instanceId: HERE,
  macKeyId: 1,
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

/** Made later than those before it, as far as its id tells. */
export const aSession = (change: Partial<Session> = {}): Session => ({
  id: ids.next<SessionId>('sess'),
  instanceId: HERE,
  browserId: browserId(ids.uuid()),
  userId: ids.next<UserId>('user'),
  actor: null,
  actorTokenId: null,
  status: 'active',
  address: '192.0.2.1',
  inactivityTimeout: seconds(600),
  lastActiveAt: NOON,
  expiresAt: later(3_600_000),
  createdAt: NOON,
  updatedAt: NOON,
  ...change,
})

export const anEvent = (change: Partial<AuditEvent> = {}): AuditEvent => ({
  instanceId: HERE,
  at: NOON,
  action: 'machine.create',
  callerKind: 'instance',
  callerId: 'key_a',
  targetId: 'mch_a',
  address: '192.0.2.1',
  traceId: 'trace',
  reason: null,
  ...change,
})
