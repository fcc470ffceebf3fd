import { fromEnvironment } from './environment.ts'
import { instanceKey, type KeySource } from './keys.ts'

/** For the calls that a machine may make: its key, if not the client's. */
export interface WithMachineKey {
  readonly machineSecretKey?: string | undefined
}

/** The key given with the call, the client's or the environment's. */
export const machineKey =
  (given: string | undefined): KeySource =>
  ({ machineSecretKey }) =>
    given || machineSecretKey || fromEnvironment('MACHINE_SECRET_KEY')

/** An instance's key where there is none of a machine. */
export const machineOrInstanceKey =
  (given: string | undefined): KeySource =>
  (client) =>
    machineKey(given)(client) || instanceKey(client)
