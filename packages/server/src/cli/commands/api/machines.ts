import { Command } from 'commander'
import type { Machine } from '@mintmark/sdk'
import { addPage, apiCommand, type PageFlags } from '../../api/api-command.ts'
import { findMachine, MACHINE, machineIdOf } from '../../api/machine-named.ts'
import { length, plain, showPage, showRecord, time } from '../../api/show.ts'
import { print, say } from '../../output.ts'
import { durationOption, each, given, idOrName } from '../../values.ts'
import { rotateKeyCommand, secretKeyCommand } from './machine-keys.ts'
import { scopeCommand } from './machine-scopes.ts'

export function machinesCommand(): Command {
  return new Command('machines')
    .description('Machines: the services that issue tokens to each other. A name does where an id does.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(createCommand())
    .addCommand(updateCommand())
    .addCommand(deleteCommand())
    .addCommand(secretKeyCommand())
    .addCommand(rotateKeyCommand())
    .addCommand(scopeCommand())
}

const ORDERS = '"name" or "created_at", with "-" in front for the other way round.'

const listCommand = () =>
  apiCommand<PageFlags & { readonly query?: string; readonly orderBy?: string }>({
    name: 'list',
    description: 'List machines, newest first.',
    shape: (command) =>
      void addPage(command)
        .option('--query <TEXT>', 'Only those with this id, or with this in their name.')
        .option('--order-by <FIELD>', ORDERS),
    async act({ mintmark, flags: { limit, offset, query, orderBy } }) {
      const page = await mintmark.machines.list({
        limit,
        offset,
        ...given({ query, orderBy: orderBy as 'name' | undefined }),
      })
      return () =>
        showPage(
          page,
          offset,
          [
            ['ID', ({ id }) => id],
            ['NAME', ({ name }) => plain(name)],
            ['TOKEN LIFETIME', ({ defaultTokenTtl }) => length(defaultTokenTtl)],
            ['VERIFIED BY', ({ scopedMachines }) => namesOf(scopedMachines)],
            ['CREATED', ({ createdAt }) => time(createdAt)],
          ],
          ['CREATED', 'TOKEN LIFETIME', 'VERIFIED BY'],
        )
    },
  })

const getCommand = () =>
  apiCommand({
    name: 'get',
    description: 'Show a machine.',
    shape: (command) => void command.argument(...MACHINE),
    async act({ mintmark, args: [machine] }) {
      const found = await mintmark.machines.get({ machineId: await machineIdOf(mintmark, machine!) })
      return () => showMachine(found)
    },
  })

interface CreateFlags {
  readonly name: string
  readonly scope?: readonly string[]
  readonly defaultTtl?: number
}

const machines = (text: string, before?: readonly string[]) => each(idOrName(text), before)

const createCommand = () =>
  apiCommand<CreateFlags>({
    name: 'create',
    description: 'Make a machine and print its secret key.',
    shape: (command) =>
      void command
        .requiredOption('--name <NAME>', 'What people call it.')
        .option('--scope <MACHINE>', 'A machine that may verify its tokens. May be given again.', machines)
        .addOption(durationOption('--default-ttl <DURATION>', 'How long its tokens live where nobody says.')),
    async act({ mintmark, flags: { name, scope = [], defaultTtl } }) {
      const scopedMachines = await Promise.all(scope.map((machine) => machineIdOf(mintmark, machine)))
      const made = await mintmark.machines.create({
        name,
        scopedMachines,
        ...given({ defaultTokenTtl: defaultTtl }),
      })
      return () => {
        showMachine(made)
        print(`Secret key      ${made.secretKey}`)
        say('Keep the key where only that service finds it: MINTMARK_MACHINE_SECRET_KEY is what SDKs read.')
      }
    },
  })

const updateCommand = () =>
  apiCommand<{ readonly name?: string; readonly defaultTtl?: number }>({
    name: 'update',
    description: "Change a machine's name, or how long its tokens live.",
    shape: (command) =>
      void command
        .argument(...MACHINE)
        .option('--name <NAME>', 'What people call it from now on.')
        .addOption(durationOption('--default-ttl <DURATION>', 'How long its tokens live where nobody says.')),
    async act({ mintmark, args: [machine], flags: { name, defaultTtl } }) {
      const machineId = await machineIdOf(mintmark, machine!)
      const changed = await mintmark.machines.update({
        machineId,
        ...given({ name, defaultTokenTtl: defaultTtl }),
      })
      return () => showMachine(changed)
    },
  })

const deleteCommand = () =>
  apiCommand({
    name: 'delete',
    description: 'Delete a machine: its keys and everything it issued end with it.',
    destructive: true,
    shape: (command) => void command.argument(...MACHINE),
    async act({ mintmark, args: [machine], confirm }) {
      const { id, name } = await findMachine(mintmark, machine!)
      await confirm(`Delete the machine ${name} (${id})? Its keys and tokens end with it.`)
      await mintmark.machines.delete({ machineId: id })
      return () => print(`Deleted  ${id}`)
    },
  })

const namesOf = (machines: readonly { readonly name: string }[]): string =>
  plain(machines.map(({ name }) => name).join(', '))

const showMachine = (machine: Machine): void =>
  showRecord({
    ID: machine.id,
    Name: plain(machine.name),
    'Token lifetime': length(machine.defaultTokenTtl),
    'Verified by': namesOf(machine.scopedMachines),
    Created: time(machine.createdAt),
  })
