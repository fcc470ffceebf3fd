/** Says who calls, from the one Authorization header, or refuses. Garbage is refused without a look-up. */
import type { InstanceCaller, MachineCaller } from '../core/caller.ts'
import { AuthorityError, type ErrorCode } from '../core/errors.ts'
import type { Operation } from '../core/operation.ts'
import type { SecretReader } from '../core/secrets/secrets.ts'
import type { Reads } from '../core/stores.ts'
import { isPast, type Clock } from '../core/time.ts'
import { SECRET_KEY_PREFIXES, type Environment } from '../directory/instances/instance.ts'
import type { InstanceReader } from '../directory/instances/store.ts'
import { MACHINE_SECRET_KEY_PREFIX } from '../directory/machines/secret-keys.ts'
import type { MachineReader } from '../directory/machines/store.ts'
import type { HttpRequest } from './exchange.ts'

export interface AuthenticateDeps extends Reads<{
  instances: Pick<InstanceReader, 'findSecretKey'>
  machines: Pick<MachineReader, 'findSecretKey'>
}> {
  readonly clock: Clock
  readonly readSecret: SecretReader
}

/**
 * @throws {AuthorityError} 401: `authorization_header_format_invalid`, or the code by which the clients of
 *   the operation know a bad key, whether it is unknown, ended or of the wrong kind
 */
export async function authenticate(
  deps: AuthenticateDeps,
  operation: Operation,
  request: HttpRequest,
): Promise<InstanceCaller | MachineCaller> {
  const key = readBearer(request)
  const caller = key.startsWith(MACHINE_SECRET_KEY_PREFIX)
    ? await readMachineKey(deps, key)
    : await readInstanceKey(deps, key)
  if (caller === null || !operation.callers.includes(caller.kind)) {
    throw new AuthorityError(badKeyCode(operation))
  }
  return caller
}

const BEARER = /^bearer (\S+)$/i

function readBearer(request: HttpRequest): string {
  const header = request.header('authorization')
  const key = header === null || request.repeated('authorization') ? undefined : BEARER.exec(header)?.[1]
  if (key === undefined) throw new AuthorityError('authorization_header_format_invalid')
  return key
}

async function readInstanceKey(
  { read, readSecret, clock }: AuthenticateDeps,
  presented: string,
): Promise<InstanceCaller | null> {
  const environment: Environment = presented.startsWith(SECRET_KEY_PREFIXES.live) ? 'live' : 'test'
  const secret = readSecret(SECRET_KEY_PREFIXES[environment], null, presented)
  if (secret === null) return null
  const key = await read.instances.findSecretKey(secret.id)
  if (key === null || key.environment !== environment || key.macKeyId !== secret.macKeyId) return null
  if (isPast(key.expiresAt, clock.now())) return null
  return { kind: 'instance', instanceId: key.instanceId, keyId: key.id }
}

async function readMachineKey(
  { read, readSecret, clock }: AuthenticateDeps,
  presented: string,
): Promise<MachineCaller | null> {
  const secret = readSecret(MACHINE_SECRET_KEY_PREFIX, null, presented)
  if (secret === null) return null
  const key = await read.machines.findSecretKey(secret.id)
  if (key === null || key.macKeyId !== secret.macKeyId || isPast(key.expiresAt, clock.now())) return null
  return { kind: 'machine', instanceId: key.instanceId, machineId: key.machineId, keyId: key.id }
}

/** The M2M endpoints have a code of their own (wire reference, "Errors"). */
const badKeyCode = ({ callers }: Operation): ErrorCode =>
  callers === 'instance' ? 'clerk_key_invalid' : 'machine_secret_key_invalid'
