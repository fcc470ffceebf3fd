import type { Command } from 'commander'
import { apiCommand } from '../../api/api-command.ts'
import { findMachine, MACHINE, machineIdOf } from '../../api/machine-named.ts'
import { print, say } from '../../output.ts'
import { overlapOption, toDuration } from '../../values.ts'

export const secretKeyCommand = (): Command =>
  apiCommand({
    name: 'secret-key',
    description: "Print a machine's secret key, alone.",
    examples: '  export MINTMARK_MACHINE_SECRET_KEY="$(mintmark machines secret-key worker)"',
    shape: (command) => void command.argument(...MACHINE),
    async act({ mintmark, args: [machine] }) {
      const machineId = await machineIdOf(mintmark, machine!)
      const { secret } = await mintmark.machines.getSecretKey({ machineId })
      return () => print(secret)
    },
  })

export const rotateKeyCommand = (): Command =>
  apiCommand<{ readonly overlap: number }>({
    name: 'rotate-key',
    description: 'Give a machine a new secret key and print it, alone. Its tokens stay good.',
    destructive: true,
    shape: (command) =>
      void command
        .argument(...MACHINE)
        .addOption(overlapOption('How long the key until now stays good; 0 ends it at once.')),
    async act({ mintmark, args: [machine], flags: { overlap }, confirm }) {
      const { id, name } = await findMachine(mintmark, machine!)
      const end = overlap === 0 ? 'ends at once' : `ends in ${toDuration(overlap)}`
      await confirm(`Give the machine ${name} (${id}) a new key? The one until now ${end}.`)
      const { secret } = await mintmark.machines.rotateSecretKey({ machineId: id, previousTokenTtl: overlap })
      return () => {
        print(secret)
        say(`${name} (${id}) has this key now. The one until now ${end}.`)
      }
    },
  })
