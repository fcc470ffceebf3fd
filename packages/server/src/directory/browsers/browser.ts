/**
 * Browsers: what sessions live in. The wire calls one a client. A browser says which it is by a cookie that no
 * script can read; the cookie opens nothing but the sessions that this browser began.
 */
import { uuidOf, type BrowserId, type InstanceId } from '../../core/ids.ts'
import type { KeyRing, MacKeyId } from '../../core/secrets/master-key.ts'
import { formatSecret } from '../../core/secrets/secrets.ts'
import type { Millis } from '../../core/time.ts'

export interface Browser {
  readonly id: BrowserId
  readonly instanceId: InstanceId
  readonly macKeyId: MacKeyId
  readonly createdAt: Millis
  readonly updatedAt: Millis
}

/** Of the cookie by which a browser is known to the Frontend API. */
export const BROWSER_SECRET_PREFIX = 'bt_'
/** Of the cookie that an application's server sends along to have a session token that is over renewed. */
export const REFRESH_SECRET_PREFIX = 'rt_'

export const browserSecretOf = (
  ring: KeyRing,
  { id, instanceId, macKeyId }: Browser,
  prefix: typeof BROWSER_SECRET_PREFIX | typeof REFRESH_SECRET_PREFIX,
): string => formatSecret(ring.macKeys, { prefix, owner: instanceId, id: uuidOf(id), keyId: macKeyId })
