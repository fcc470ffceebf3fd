import { Command } from 'commander'
import { apiCommand } from '../../../api/api-command.ts'
import { compact, plain, showRecord, state, time } from '../../../api/show.ts'
import { idOrEmail, userIdOf } from '../../../api/user-named.ts'
import { print, say } from '../../../output.ts'
import { durationOption, given, id, jsonObject, type JsonObject } from '../../../values.ts'

export function actorTokensCommand(): Command {
  return new Command('actor-tokens')
    .description('Actor tokens: one-time links by which an operator acts as a user.')
    .addCommand(createCommand())
    .addCommand(revokeCommand())
}

interface CreateFlags {
  readonly user: string
  readonly actor: string
  readonly actorDetails?: JsonObject
  readonly expiresIn?: number
  readonly sessionMax?: number
}

const createCommand = () =>
  apiCommand<CreateFlags>({
    name: 'create',
    description: 'Issue an actor token and print its link, alone; its id and the rest go to stderr.',
    examples:
      '  mintmark actor-tokens create --user ada@example.com --actor user_2xyz \\\n    --expires-in 10m',
    shape: (command) =>
      void command
        .requiredOption(
          '--user <USER>',
          'The user as whom somebody acts: an id or an email address.',
          idOrEmail,
        )
        .requiredOption('--actor <ID>', 'Who acts: the "sub" of the actor.')
        .option('--actor-details <JSON>', 'An object with what else is said about the actor.', jsonObject)
        .addOption(durationOption('--expires-in <DURATION>', 'How long the link works.', 3_600))
        .addOption(durationOption('--session-max <DURATION>', 'How long the session may be.', 1_800)),
    async act({ mintmark, flags: { user, actor, actorDetails = {}, expiresIn, sessionMax } }) {
      const made = await mintmark.actorTokens.create({
        userId: await userIdOf(mintmark, user),
        actor: { ...actorDetails, sub: actor },
        ...given({ expiresInSeconds: expiresIn, sessionMaxDurationInSeconds: sessionMax }),
      })
      return () => {
        print(plain(made.url ?? made.token))
        say(`${made.id}: works once, as ${made.userId}. It is shown only now.`)
      }
    },
  })

const revokeCommand = () =>
  apiCommand({
    name: 'revoke',
    description: 'Revoke an actor token that was not used yet, at once and for good. It does not ask.',
    shape: (command) => void command.argument('<ID>', 'The id of the actor token.', id),
    async act({ mintmark, args: [actorTokenId] }) {
      const token = await mintmark.actorTokens.revoke({ actorTokenId: actorTokenId! })
      return () =>
        showRecord({
          ID: token.id,
          State: state(token.status),
          User: plain(token.userId),
          Actor: compact(token.actor),
          Created: time(token.createdAt),
        })
    },
  })
