import { Command, InvalidArgumentError } from 'commander'
import { apiCommand } from '../../api/api-command.ts'
import { print } from '../../output.ts'
import { durationOption, given, id, jsonObject, type JsonObject } from '../../values.ts'

export function machineTokensCommand(): Command {
  return new Command('machine-tokens')
    .description('Machine tokens: short-lived JWTs that are not kept, so not listed and not revoked.')
    .addCommand(issueCommand())
}

interface IssueFlags {
  readonly machine: string
  readonly claims?: JsonObject
  readonly expiresIn?: number
  readonly clockSkew?: number
}

/** No name: the authority need not know the machine. */
function machineId(text: string): string {
  if (id(text).startsWith('mch_')) return text
  throw new InvalidArgumentError('It must be an id, mch_…, not a name.')
}

const issueCommand = () =>
  apiCommand<IssueFlags>({
    name: 'issue',
    description: 'Issue a machine token and print it, alone.',
    examples: `  mintmark machine-tokens issue --machine mch_billing --expires-in 5m`,
    shape: (command) =>
      void command
        .requiredOption(
          '--machine <ID>',
          'Id of the machine, mch_…. The authority need not know it.',
          machineId,
        )
        .addOption(durationOption('--expires-in <DURATION>', 'How long it lives, 30s at least.', 30))
        .addOption(durationOption('--clock-skew <DURATION>', 'How far clocks may be apart.', 5))
        .option('--claims <JSON>', 'An object with what else it says.', jsonObject),
    async act({ mintmark, flags: { machine, expiresIn, clockSkew, claims } }) {
      const asked = { expiresInSeconds: expiresIn, allowedClockSkew: clockSkew, claims }
      const { jwt } = await mintmark.machineTokens.create({ machineId: machine, ...given(asked) })
      return () => print(jwt)
    },
  })
