import type { Command } from 'commander'
import type { M2MToken, M2mTokensRevokeAllRequest } from '@mintmark/sdk'
import { apiCommand, type ApiCall } from '../../api/api-command.ts'
import { machineIdOf } from '../../api/machine-named.ts'
import { requireConsent } from '../../api/ask.ts'
import { CliError } from '../../cli-error.ts'
import { print } from '../../output.ts'
import { given, id, idOrName, instant } from '../../values.ts'

interface RevokeFlags {
  readonly reason?: string
  readonly machine?: string
  readonly key?: string
  readonly issuedBefore?: number
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** @param showToken shows one that was revoked */
export const revokeCommand = (showToken: (token: M2MToken) => void): Command =>
  apiCommand<RevokeFlags>({
    name: 'revoke',
    description:
      'Revoke an M2M token of either format, at once and for good, without asking. Without an id: all of a machine, of a signing key, or issued before a time, in one step however many they are; that asks.',
    examples: `  mintmark tokens revoke mt_0199f6f1a1b27c3d8e4f5a6b7c8d9e0f --reason lost
  mintmark tokens revoke --machine worker --dry-run
  mintmark tokens revoke --machine worker --issued-before 1h --yes`,
    notFound: 'No M2M token has that id: "mintmark tokens list --machine MACHINE" shows them.',
    shape: (command) =>
      void command
        .argument('[ID]', 'The id of the token, which is not the token itself.', id)
        .option('--machine <ID>', 'All that this machine issued; its id or name.', idOrName)
        .option('--key <ID>', 'All JWTs that this signing key signed, machine tokens too.', id)
        .option(
          '--issued-before <TIME>',
          'Only those issued before that time, such as 2026-01-31T12:00:00Z or 1h (ago); alone: of the whole instance.',
          instant,
        )
        .option('--dry-run', 'Only count those that are good now.')
        .option('--reason <TEXT>', 'Why, for the audit log.')
        .option('--yes', 'Revoke all of them without asking; a script has to give it.'),
    check: checkFlags,
    act: (call) => (call.args[0] === undefined ? revokeAll(call) : revokeOne(call, showToken)),
  })

function checkFlags(
  { machine, key, issuedBefore, dryRun, yes }: RevokeFlags,
  [one]: readonly string[],
): void {
  const isForMany = (machine ?? key ?? issuedBefore) !== undefined
  if (one !== undefined && (isForMany || dryRun)) {
    throw new CliError('Name one token by its id, or many by --machine, --key or --issued-before.', 2)
  }
  if (one === undefined && !isForMany) {
    throw new CliError('Say which: the id of a token, --machine, --key or --issued-before.', 2)
  }
  if (machine !== undefined && key !== undefined) throw new CliError('Use one of --machine and --key.', 2)
  if (isForMany && !dryRun) requireConsent(yes)
}

async function revokeOne(
  { mintmark, args: [m2mTokenId], flags }: ApiCall<RevokeFlags>,
  showToken: (token: M2MToken) => void,
) {
  const asked = { m2mTokenId: m2mTokenId!, ...given({ revocationReason: flags.reason }) }
  const revoked = await mintmark.m2m.revokeToken(asked)
  return () => showToken(revoked)
}

async function revokeAll({ mintmark, flags, confirm }: ApiCall<RevokeFlags>) {
  const { machine, key, issuedBefore, dryRun, reason } = flags
  const subject = machine === undefined ? undefined : await machineIdOf(mintmark, machine)
  const scope: M2mTokensRevokeAllRequest = given({ subject, signingKeyId: key, issuedBefore })
  if (dryRun) {
    const { count } = await mintmark.m2m.revokeAllTokens({ ...scope, dryRun })
    return () => print(`${count} ${count === 1 ? 'token' : 'tokens'} would be revoked.`)
  }
  await confirm(`Revoke every token ${describe(flags)}?`)
  const { revokedUntil } = await mintmark.m2m.revokeAllTokens({
    ...scope,
    ...given({ revocationReason: reason }),
  })
  return () => print(`Revoked: what was issued until ${new Date(revokedUntil).toISOString()}.`)
}

function describe({ machine, key, issuedBefore }: RevokeFlags): string {
  const of = machine !== undefined ? `of ${machine}` : key !== undefined ? `signed by ${key}` : 'there is'
  return issuedBefore === undefined ? of : `${of}, issued before ${new Date(issuedBefore).toISOString()}`
}
