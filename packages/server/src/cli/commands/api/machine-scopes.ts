import { Command } from 'commander'
import { apiCommand } from '../../api/api-command.ts'
import { MACHINE, machineIdOf } from '../../api/machine-named.ts'
import { print } from '../../output.ts'
import { idOrName } from '../../values.ts'

const VERIFIER = ['<VERIFIER>', 'Id or name of the machine that verifies.', idOrName] as const

export function scopeCommand(): Command {
  return new Command('scope')
    .description('Say which machines may verify the tokens of another, from the next token on.')
    .addCommand(addCommand())
    .addCommand(removeCommand())
}

const addCommand = () =>
  apiCommand({
    name: 'add',
    description: 'Let the second machine verify the tokens that the first issues.',
    examples: '  mintmark machines scope add worker api',
    shape: (command) => void command.argument(...MACHINE).argument(...VERIFIER),
    async act({ mintmark, args: [machine, verifier] }) {
      const machineId = await machineIdOf(mintmark, machine!)
      const toMachineId = await machineIdOf(mintmark, verifier!)
      await mintmark.machines.createScope({ machineId, toMachineId })
      return () => print(`${toMachineId} may verify what ${machineId} issues from now on.`)
    },
  })

const removeCommand = () =>
  apiCommand({
    name: 'remove',
    description: 'Take that away again. Tokens that are issued already keep their scopes.',
    shape: (command) => void command.argument(...MACHINE).argument(...VERIFIER),
    async act({ mintmark, args: [machine, verifier] }) {
      const machineId = await machineIdOf(mintmark, machine!)
      const otherMachineId = await machineIdOf(mintmark, verifier!)
      await mintmark.machines.deleteScope({ machineId, otherMachineId })
      return () => print(`${otherMachineId} may not verify what ${machineId} issues from now on.`)
    },
  })
