import { Command } from 'commander'
import { apiCommand } from '../../api/api-command.ts'
import { readSecret } from '../../api/ask.ts'
import { showRecord, state, timeOfSeconds } from '../../api/show.ts'
import { print, say } from '../../output.ts'
import { EXPLAIN, orReason } from './verify-token.ts'

export function testingTokensCommand(): Command {
  return new Command('testing-tokens')
    .description('Testing tokens, which let an end-to-end test past bot protection.')
    .addCommand(createCommand())
    .addCommand(verifyCommand())
}

const createCommand = () =>
  apiCommand({
    name: 'create',
    description: 'Issue a testing token and print it, alone.',
    examples: '  export CLERK_TESTING_TOKEN="$(mintmark testing-tokens create)"',
    async act({ mintmark }) {
      const { token, expiresAt } = await mintmark.testingTokens.create()
      return () => {
        print(token)
        say(`It expires: ${timeOfSeconds(expiresAt)}. It is shown only now.`)
      }
    },
  })

const verifyCommand = () =>
  apiCommand<{ readonly file?: string }>({
    name: 'verify',
    description: 'Say whether a testing token is active: 0 if it is, 1 with the reason if not.',
    examples: '  printenv CLERK_TESTING_TOKEN | mintmark testing-tokens verify',
    shape: (command) => void command.option('--file <FILE>', 'File with the token. Default: stdin.'),
    async act({ mintmark, flags: { file } }) {
      const token = await readSecret(file, 'testing token')
      const { id, expiresAt } = await orReason(mintmark.testingTokens.verify({ token }, EXPLAIN))
      return () => showRecord({ ID: id, State: state('active'), Expires: timeOfSeconds(expiresAt) })
    },
  })
