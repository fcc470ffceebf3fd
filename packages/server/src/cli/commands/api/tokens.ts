import type { M2MToken } from '@mintmark/sdk'
import { Command, Option } from 'commander'
import { addPage, apiCommand, type PageFlags } from '../../api/api-command.ts'
import { asMachine, machineIdOf } from '../../api/machine-named.ts'
import { compact, plain, showPage, showRecord, state, time } from '../../api/show.ts'
import { print, say } from '../../output.ts'
import { durationOption, given, idOrName, json } from '../../values.ts'
import { revokeCommand } from './revoke-tokens.ts'
import { verifyCommand } from './verify-token.ts'

export function tokensCommand(): Command {
  return new Command('tokens')
    .description('M2M tokens, by which one machine proves itself to another.')
    .addCommand(issueCommand())
    .addCommand(listCommand())
    .addCommand(verifyCommand(showToken))
    .addCommand(revokeCommand(showToken))
}

const AS_MACHINE = 'Id or name of the machine; needs the key of the instance.'
const formatOption = (text: string) => new Option('--format <FORMAT>', text).choices(['opaque', 'jwt'])

interface IssueFlags {
  readonly machine?: string
  readonly format?: 'opaque' | 'jwt'
  readonly expiresIn?: number
  readonly claims?: unknown
  readonly minRemaining?: number
}

const issueCommand = () =>
  apiCommand<IssueFlags>({
    name: 'issue',
    description: 'Issue an M2M token and print it, alone; its id and the rest go to stderr.',
    examples: `  TOKEN="$(mintmark tokens issue --machine worker --expires-in 1h)"
  mintmark tokens issue --machine worker --format jwt \\
    --claims '{"job":"nightly"}'`,
    shape: (command) =>
      void command
        .option('--machine <ID>', `${AS_MACHINE} Default: the one of MINTMARK_MACHINE_SECRET_KEY.`, idOrName)
        .addOption(formatOption('opaque: a look-up each time. jwt: verified without one.'))
        .addOption(
          durationOption('--expires-in <DURATION>', "How long it lives. Default: the machine's own."),
        )
        .option('--claims <JSON>', 'What it says; an object for a JWT.', json)
        .addOption(
          durationOption(
            '--min-remaining <DURATION>',
            'Take one issued before, if it is alike and lives this long.',
          ),
        ),
    async act(call) {
      const { machine, format, expiresIn, claims, minRemaining } = call.flags
      const asked = { tokenFormat: format, secondsUntilExpiration: expiresIn, claims }
      const mintmark = await asMachine(call, machine)
      const issued = await mintmark.m2m.createToken(given({ ...asked, minRemainingTtlSeconds: minRemaining }))
      return () => {
        print(issued.token)
        say(`${issued.id} of ${issued.subject}, expires: ${time(issued.expiration)}. It is shown only now.`)
      }
    },
  })

interface ListFlags extends PageFlags {
  readonly machine: string
  readonly format?: 'opaque' | 'jwt'
  readonly revoked?: boolean
  readonly expired?: boolean
}

const listCommand = () =>
  apiCommand<ListFlags>({
    name: 'list',
    description:
      'List the M2M tokens that a machine issued, newest first. The tokens themselves are not shown.',
    shape: (command) =>
      void addPage(command)
        .requiredOption('--machine <ID>', 'Id or name of the machine that issued them.', idOrName)
        .addOption(formatOption('Which ones.').default('opaque'))
        .option('--revoked', 'Those that were revoked too.')
        .option('--expired', 'Those that have expired too.'),
    async act({ mintmark, flags: { machine, format, limit, offset, ...flags } }) {
      const subject = await machineIdOf(mintmark, machine)
      const { revoked, expired } = flags
      const asked = { subject, limit, offset, ...given({ tokenFormat: format, revoked, expired }) }
      const page = await mintmark.m2m.list(asked)
      return () => {
        showPage(
          page,
          offset,
          [
            ['ID', (token) => token.id],
            ['STATE', (token) => state(stateOf(token))],
            ['EXPIRES', ({ expiration }) => time(expiration)],
            ['LAST USED', ({ lastUsedAt }) => time(lastUsedAt)],
            ['CREATED', ({ createdAt }) => time(createdAt)],
            ['CLAIMS', ({ claims }) => compact(claims)],
          ],
          ['CLAIMS', 'LAST USED', 'CREATED'],
        )
        sayLeftOut({ revoked, expired, jwt: format === 'jwt' })
      }
    },
  })

/** @param shown what was asked for, and is there */
function sayLeftOut(shown: Readonly<Record<'revoked' | 'expired' | 'jwt', boolean | undefined>>): void {
  const leftOut = [
    shown.revoked ? [] : ['revoked tokens (--revoked)'],
    shown.expired ? [] : ['expired tokens (--expired)'],
    shown.jwt ? [] : ['JWTs (--format jwt)'],
  ].flat()
  if (leftOut.length > 0) say(`Not in this list: ${leftOut.join(', ')}.`)
}

/** As the authority has it: revocation outranks expiry. */
const stateOf = ({ revoked, expired }: M2MToken): string =>
  revoked ? 'revoked' : expired ? 'expired' : 'active'

function showToken(token: M2MToken): void {
  showRecord({
    ID: token.id,
    State: state(stateOf(token)),
    Reason: token.revocationReason === null ? null : plain(token.revocationReason),
    Machine: token.subject,
    'Verified by': plain(token.scopes.join(', ')),
    Claims: compact(token.claims),
    Expires: time(token.expiration),
    'Last used': time(token.lastUsedAt),
    Created: time(token.createdAt),
  })
}
