import type { Command } from 'commander'
import { apiCommand } from '../../../api/api-command.ts'
import { openLink } from '../../../api/open-link.ts'
import { plain } from '../../../api/show.ts'
import { USER, userIdOf } from '../../../api/user-named.ts'
import { CliError } from '../../../cli-error.ts'
import { print, say } from '../../../output.ts'
import { warnOfNoFrontend } from './no-frontend.ts'
import { durationOption, each, given, idOrName } from '../../../values.ts'
import { endCommand, listCommand } from './impersonations.ts'

/** Makes a link by itself; what it is told of those that were made are commands under it. */
export function impersonateCommand(): Command {
  return startCommand()
    .enablePositionalOptions()
    .hook('preSubcommand', refuseFlagsInFront)
    .addCommand(listCommand())
    .addCommand(endCommand())
}

interface StartFlags {
  readonly as?: string
  readonly reason?: string
  readonly ticket?: string
  readonly permission?: readonly string[]
  readonly expiresIn?: number
  readonly sessionDuration?: number
  readonly open?: boolean
}

const startCommand = () =>
  apiCommand<StartFlags>({
    name: 'impersonate',
    description:
      'Act as a user: print a link, alone, that opens a session in which ACTOR acts as USER, once. Its id and the rest go to stderr.',
    examples: `  mintmark impersonate ada@example.com --as user_2xyz --ticket T-4711 \\
    --reason 'cannot check out' --open
  mintmark impersonate user_2abc --as support@example.com \\
    --reason 'cannot check out' --permission read
  mintmark impersonate list --user user_2abc
  mintmark impersonate end act_2def --reason 'found it'`,
    shape: (command) =>
      void command
        .argument(...USER)
        .option('--as <ACTOR>', 'Who acts: the "sub" of the actor. It must be given.', idOrName)
        .option('--reason <TEXT>', 'Why, for the audit log. It must be given.')
        .option('--ticket <REF>', 'Where the reason is written down, such as the number of a support ticket.')
        .option(
          '--permission <NAME>',
          'What the actor may do, for the application. May be given again.',
          each,
        )
        .addOption(durationOption('--expires-in <DURATION>', 'How long the link works.', 3_600))
        .addOption(durationOption('--session-duration <DURATION>', 'How long the session may be.', 1_800))
        .option('--open', 'Open the link in your browser, too.'),
    check: requireActorAndReason,
    async act({ mintmark, server, flags, args: [user], afterwards }) {
      const { as: sub, reason, ticket, permission, expiresIn, sessionDuration, open } = flags
      const made = await mintmark.actorTokens.create({
        userId: await userIdOf(mintmark, user!),
        actor: { sub: sub! },
        ...given({
          reason,
          ticket,
          permissions: permission,
          expiresInSeconds: expiresIn,
          sessionMaxDurationInSeconds: sessionDuration,
        }),
      })
      const link = plain(made.url ?? made.token)
      if (open) afterwards(() => openOrTell(link))
      return () => {
        print(link)
        say(`${made.id}: works once, as ${made.userId}. It is shown only now.`)
        warnOfNoFrontend(link, server)
      }
    },
  })

/** Not left to the authority, which takes an impersonation without a reason: its clients are programs. */
function requireActorAndReason({ as: actor, reason }: StartFlags): void {
  if (!actor?.trim()) {
    throw new CliError('Say who acts with --as: an id or an address by which you know the person.', 2)
  }
  if (!reason?.trim()) {
    throw new CliError(
      `Say why with --reason, such as --reason 'cannot check out': it is written into the audit log, beside who acts as whom.`,
      2,
    )
  }
}

async function openOrTell(link: string): Promise<void> {
  if (!(await openLink(link))) say('There is no browser that opens it: open the link yourself.')
}

/** They would be taken for flags of `impersonate` itself, and be of no effect. */
function refuseFlagsInFront(command: Command, under: Command): void {
  const misplaced = command.options.find(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  )
  if (misplaced === undefined) return
  const line = `mintmark impersonate ${under.name()} … ${misplaced.long}`
  throw new CliError(`Put the flags behind "${under.name()}": ${line}`, 2)
}
