/** Machines by what people call them. */
import type { Machine, Mintmark } from '@mintmark/sdk'
import { CliError } from '../cli-error.ts'
import { idOrName } from '../values.ts'
import type { ApiCall } from './api-command.ts'

/** The argument that names a machine. */
export const MACHINE = ['<MACHINE>', 'Id or name of the machine.', idOrName] as const

const ID = /^mch_\w{27}$/

/** @throws {CliError} if no machine, or more than one, has that name */
export async function machineIdOf(mintmark: Mintmark, idOrName: string): Promise<string> {
  return ID.test(idOrName) ? idOrName : (await machineNamed(mintmark, idOrName)).id
}

/** @throws {CliError} as above; {APIError} if there is none of that id */
export function findMachine(mintmark: Mintmark, idOrName: string): Promise<Machine> {
  return ID.test(idOrName) ? mintmark.machines.get({ machineId: idOrName }) : machineNamed(mintmark, idOrName)
}

const MOST = 500

async function machineNamed(mintmark: Mintmark, name: string): Promise<Machine> {
  const { data } = await mintmark.machines.list({ query: name, limit: MOST })
  const found = data.filter((machine) => machine.name === name)
  if (found.length === 1) return found[0]!
  throw new CliError(
    found.length === 0
      ? 'No machine has that id or name: "mintmark machines list" shows them.'
      : 'Several machines have that name: give the id of one. "mintmark machines list" shows them.',
  )
}

/** A client for what a machine does: that of `--machine`, or the environment's. */
export async function asMachine(
  { mintmark, server, as }: ApiCall<unknown>,
  machine: string | undefined,
): Promise<Mintmark> {
  if (machine !== undefined) {
    const machineId = await machineIdOf(mintmark, machine)
    const { secret } = await mintmark.machines.getSecretKey({ machineId })
    return as(secret)
  }
  if (server.machineKey !== undefined) return as(server.machineKey)
  throw new CliError(
    `A machine issues tokens: name one with --machine, or set ${server.prefix}_MACHINE_SECRET_KEY.`,
    2,
  )
}
