import { Command } from 'commander'
import { apiCommand } from '../../../api/api-command.ts'
import { plain, showRecord, state, time } from '../../../api/show.ts'
import { USER, userIdOf } from '../../../api/user-named.ts'
import { print, say } from '../../../output.ts'
import { warnOfNoFrontend } from './no-frontend.ts'
import { durationOption, given, id } from '../../../values.ts'

export function signInTokensCommand(): Command {
  return new Command('sign-in-tokens')
    .description('Sign-in tokens: one-time links by which a user signs in.')
    .addCommand(createCommand())
    .addCommand(revokeCommand())
}

const createCommand = () =>
  apiCommand<{ readonly expiresIn?: number }>({
    name: 'create',
    description: 'Issue a sign-in token and print its link, alone; its id and the rest go to stderr.',
    examples: '  mintmark sign-in-tokens create ada@example.com --expires-in 10m',
    shape: (command) =>
      void command
        .argument(...USER)
        .addOption(durationOption('--expires-in <DURATION>', 'How long the link works.', 2_592_000)),
    async act({ mintmark, server, flags: { expiresIn }, args: [user] }) {
      const userId = await userIdOf(mintmark, user!)
      const made = await mintmark.signInTokens.create({ userId, ...given({ expiresInSeconds: expiresIn }) })
      return () => {
        const link = plain(made.url ?? made.token)
        print(link)
        say(`${made.id}: works once, for ${made.userId}. It is shown only now.`)
        warnOfNoFrontend(link, server)
      }
    },
  })

const revokeCommand = () =>
  apiCommand({
    name: 'revoke',
    description: 'Revoke a sign-in token that was not used yet, at once and for good. It does not ask.',
    shape: (command) => void command.argument('<ID>', 'The id of the sign-in token, sit_….', id),
    async act({ mintmark, args: [signInTokenId] }) {
      const token = await mintmark.signInTokens.revoke({ signInTokenId: signInTokenId! })
      return () =>
        showRecord({
          ID: token.id,
          State: state(token.status),
          User: plain(token.userId),
          Created: time(token.createdAt),
        })
    },
  })
