import { fromEnvironment } from './environment.ts'
import { instanceKey, type KeySource } from './keys.ts'

/** For the calls that a machine may make: its key, if not the client's. */
export interface WithMachineKey {
  readonly machineSecretKey?: string | undefined
}

/** The key given with the call, the client's or the environment's. */
export const machineKey =
  (given: string | undefined): KeySource =>
  ({ machineSecretKey }, chosenUrl) =>
    given || machineSecretKey || fromEnvironment('MACHINE_SECRET_KEY', chosenUrl)

/** An instance's key where there is none of a machine. */
export const machineOrInstanceKey =
  (given: string | undefined): KeySource =>
  (client, chosenUrl) =>
    machineKey(given)(client, chosenUrl) || instanceKey(client, chosenUrl)
