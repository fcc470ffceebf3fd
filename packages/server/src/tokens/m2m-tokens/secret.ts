import { uuidOf, type InstanceId } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import { formatSecret, type SecretReader } from '../../core/secrets/secrets.ts'
import type { M2mToken } from './m2m-token.ts'

const PREFIX = 'mt_'

/** The secret that an opaque token's record stands for; the same one each time. */
export const m2mSecretOf = (ring: KeyRing, { id, instanceId, macKeyId }: M2mToken): string =>
  formatSecret(ring.macKeys, { prefix: PREFIX, owner: instanceId, id: uuidOf(id), keyId: macKeyId })

/** `null` for anything that is not an opaque secret made by this authority for this instance. */
export const readM2mSecret = (readSecret: SecretReader, instanceId: InstanceId, presented: string) =>
  readSecret(PREFIX, instanceId, presented)
