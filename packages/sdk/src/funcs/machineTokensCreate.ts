import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { MachineToken, MachineTokensCreateRequest } from '../models.ts'

/**
 * Creates a machine token: a short-lived JWT that is never stored. Its lifetime is 30 seconds unless given.
 */
export function machineTokensCreate(
  client: MintmarkCore,
  fields: MachineTokensCreateRequest,
  options?: RequestOptions,
): Promise<Result<MachineToken, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/machine_tokens',
      body: toWire(fields),
      object: 'token',
      documented: [400, 401, 422],
    }),
    options,
  )
}
