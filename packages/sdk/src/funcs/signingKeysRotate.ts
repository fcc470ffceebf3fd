import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { SigningKey, SigningKeysRotateRequest } from '../models.ts'

/**
 * Publishes a new signing key, which signs after `activateInSeconds`; the one until then stays accepted for
 * `overlapSeconds` more. An addition of Mintmark to the Backend API.
 */
export function signingKeysRotate(
  client: MintmarkCore,
  fields: SigningKeysRotateRequest = {},
  options?: RequestOptions,
): Promise<Result<SigningKey, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/signing_keys/rotate',
      body: toWire(fields),
      object: 'signing_key',
      documented: [400, 401, 409, 422],
    }),
    options,
  )
}
