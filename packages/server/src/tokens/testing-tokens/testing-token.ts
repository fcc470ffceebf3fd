/**
 * Testing tokens: they let an end-to-end test suite past bot protection, for an hour, for one instance.
 * They open nothing else. Clients never look inside; the number in front is the second of issue.
 */
import { timeOfUuid, uuidOf, type InstanceId, type TestingTokenId, type Uuid } from '../../core/ids.ts'
import type { KeyRing, MacKeyId } from '../../core/secrets/master-key.ts'
import { formatSecret, type SecretReader } from '../../core/secrets/secrets.ts'
import { seconds, toSeconds, type Millis } from '../../core/time.ts'
import type { Instance } from '../../directory/instances/instance.ts'

export interface TestingToken {
  readonly id: TestingTokenId
  readonly instanceId: InstanceId
  readonly macKeyId: MacKeyId
  /** What its maker calls it. */
  readonly label: string | null
  /** How often it may let a request past; `null` for any number of times. Uses are counted only where there is a limit. */
  readonly maxUses: number | null
  readonly uses: number
  readonly revokedAt: Millis | null
  readonly createdAt: Millis
  readonly expiresAt: Millis
}

export const TESTING_TOKEN_LIFETIME = seconds(3600)

/** A year: for a suite that runs where nobody can renew it. */
export const LONGEST_LIFETIME = seconds(31_536_000)

export interface TestingTokenPolicy {
  /** Whether live instances honour testing tokens too. */
  readonly testingTokensOnLive: boolean
}

/** They switch off what keeps bots out: nobody should be able to do that where real people sign in. */
export const isHonoured = (
  { testingTokensOnLive }: TestingTokenPolicy,
  instance: Pick<Instance, 'environment'> | null,
): boolean => testingTokensOnLive || instance?.environment === 'test'

const PREFIX = 'c_'

/** `<unix seconds of issue>-c_<digits>` */
export function testingSecretOf(ring: KeyRing, token: TestingToken): string {
  const id = uuidOf(token.id)
  const secret = formatSecret(ring.macKeys, {
    prefix: PREFIX,
    owner: token.instanceId,
    id,
    keyId: token.macKeyId,
  })
  return `${issuedAt(id)}-${secret}`
}

/** `null` for anything that is not a testing token made by this authority for this instance. */
export function readTestingSecret(readSecret: SecretReader, instanceId: InstanceId, presented: string) {
  const dash = presented.indexOf('-')
  const secret = readSecret(PREFIX, instanceId, presented.slice(dash + 1))
  if (secret === null) return null
  // The number is not under the tag, but the id is, and holds the same moment.
  return presented.slice(0, dash) === String(issuedAt(uuidOf(secret.id))) ? secret : null
}

const issuedAt = (id: Uuid) => toSeconds(timeOfUuid(id))
