import type { TestingTokenDetails } from '@mintmark/sdk'
import { Command } from 'commander'
import { addPage, apiCommand, type PageFlags } from '../../api/api-command.ts'
import { readSecret } from '../../api/ask.ts'
import { plain, showPage, showRecord, state, time, timeOfSeconds } from '../../api/show.ts'
import { print, say } from '../../output.ts'
import { durationOption, given, id, wholeNumber } from '../../values.ts'
import { EXPLAIN, orReason } from './verify-token.ts'

export function testingTokensCommand(): Command {
  return new Command('testing-tokens')
    .description('Testing tokens, which let an end-to-end test past bot protection.')
    .addCommand(createCommand())
    .addCommand(verifyCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
}

interface CreateFlags {
  readonly expiresIn?: number
  readonly label?: string
  readonly maxUses?: number
}

const createCommand = () =>
  apiCommand<CreateFlags>({
    name: 'create',
    description: 'Issue a testing token and print it, alone.',
    examples: `  export CLERK_TESTING_TOKEN="$(mintmark testing-tokens create)"
  mintmark testing-tokens create --label 'nightly run' \\
    --expires-in 8h --max-uses 500`,
    shape: (command) =>
      void command
        .addOption(durationOption('--expires-in <DURATION>', 'How long it lives.', 3_600))
        .option('--label <TEXT>', 'What to call it: "list" shows that, and not the token.')
        .option('--max-uses <COUNT>', 'How often it may be used. Default: any number of times.', wholeNumber),
    async act({ mintmark, flags: { expiresIn, label, maxUses } }) {
      const asked = given({ expiresInSeconds: expiresIn, label, maxUses })
      const { token, expiresAt } = await mintmark.testingTokens.create(asked)
      return () => {
        print(token)
        say(`It expires: ${timeOfSeconds(expiresAt)}. It is shown only now.`)
      }
    },
  })

const verifyCommand = () =>
  apiCommand<{ readonly file?: string }>({
    name: 'verify',
    description: 'Say whether a testing token is active: 0 if it is, 1 with the reason if not. It is a use.',
    examples: '  printenv CLERK_TESTING_TOKEN | mintmark testing-tokens verify',
    shape: (command) => void command.option('--file <FILE>', 'File with the token. Default: stdin.'),
    async act({ mintmark, flags: { file } }) {
      const token = await readSecret(file, 'testing token')
      const { id: found, expiresAt } = await orReason(mintmark.testingTokens.verify({ token }, EXPLAIN))
      return () => showRecord({ ID: found, State: state('active'), Expires: timeOfSeconds(expiresAt) })
    },
  })

const listCommand = () =>
  apiCommand<PageFlags>({
    name: 'list',
    description: 'List testing tokens, newest first. The tokens themselves are not shown.',
    shape: (command) => void addPage(command),
    async act({ mintmark, flags: { limit, offset } }) {
      const page = await mintmark.testingTokens.list({ limit, offset })
      return () =>
        showPage(
          page,
          offset,
          [
            ['ID', (token) => token.id],
            ['LABEL', ({ label }) => plain(label)],
            ['STATE', (token) => state(stateOf(token))],
            ['USES', usesOf],
            ['EXPIRES', ({ expiresAt }) => timeOfSeconds(expiresAt)],
            ['CREATED', ({ createdAt }) => time(createdAt)],
          ],
          ['CREATED', 'USES', 'LABEL'],
        )
    },
  })

const revokeCommand = () =>
  apiCommand({
    name: 'revoke',
    description: 'Revoke a testing token by its id, at once and for good. It does not ask.',
    shape: (command) => void command.argument('<ID>', 'The id of the testing token, as "list" shows it.', id),
    async act({ mintmark, args: [testingTokenId] }) {
      const token = await mintmark.testingTokens.revoke({ testingTokenId: testingTokenId! })
      return () =>
        showRecord({
          ID: token.id,
          Label: token.label === null ? null : plain(token.label),
          State: state(stateOf(token)),
          Uses: usesOf(token),
          Expires: timeOfSeconds(token.expiresAt),
          Created: time(token.createdAt),
        })
    },
  })

/** As the authority judges it: what a person decided comes first. */
function stateOf({ revokedAt, expiresAt, maxUses, uses }: TestingTokenDetails): string {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt * 1000 <= Date.now()) return 'expired'
  return maxUses !== null && uses >= maxUses ? 'used up' : 'active'
}

/** Counted only where there is a limit. */
const usesOf = ({ maxUses, uses }: TestingTokenDetails): string =>
  maxUses === null ? '-' : `${uses} of ${maxUses}`
