import type { MintmarkCore } from '../core.ts'
import { toWire } from '../core/casing.ts'
import type { CallError } from '../core/errors.ts'
import type { RequestOptions } from '../core/options.ts'
import type { Result } from '../core/result.ts'
import type { CreatedMachine, MachinesCreateRequest } from '../models.ts'

/**
 * Creates a machine. Its `secretKey` is in this answer.
 */
export function machinesCreate(
  client: MintmarkCore,
  fields: MachinesCreateRequest,
  options?: RequestOptions,
): Promise<Result<CreatedMachine, CallError>> {
  return client.send(
    () => ({
      method: 'POST',
      path: '/v1/machines',
      body: toWire(fields),
      object: 'machine',
      documented: [400, 401, 403, 404, 409, 422],
    }),
    options,
  )
}
