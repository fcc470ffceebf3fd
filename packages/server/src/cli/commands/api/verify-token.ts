import { APIError, type M2MToken } from '@mintmark/sdk'
import type { Command } from 'commander'
import { apiCommand } from '../../api/api-command.ts'
import { readSecret } from '../../api/ask.ts'
import { asMachine } from '../../api/machine-named.ts'
import { CliError } from '../../cli-error.ts'
import { printable } from '../../output.ts'
import { idOrName } from '../../values.ts'

export const verifyCommand = (show: (token: M2MToken) => void): Command =>
  apiCommand<{ readonly file?: string; readonly machine?: string }>({
    name: 'verify',
    description:
      'Say whether an M2M token is active: 0 if it is, 1 with the reason if not. The token comes from stdin or a file, since every user of a machine can read the arguments of its programs.',
    examples: `  printenv TOKEN | mintmark tokens verify
  mintmark tokens verify --machine api --file ./token`,
    shape: (command) =>
      void command
        .option('--file <FILE>', 'File with the token. Default: stdin.')
        .option(
          '--machine <ID>',
          'Ask as this machine, which must be in the scopes of the token. Default: as the instance.',
          idOrName,
        ),
    async act(call) {
      const { file, machine } = call.flags
      const token = await readSecret(file, 'token')
      const mintmark = machine === undefined ? call.mintmark : await asMachine(call, machine)
      const verified = await orReason(mintmark.m2m.verifyToken({ token }, EXPLAIN))
      return () => show(verified)
    },
  })

/** The holder of the instance's key may know why. */
export const EXPLAIN = { fetchOptions: { headers: { 'Mintmark-Explain': '1' } } } as const

const REASONS: Readonly<Record<string, string>> = {
  malformed: 'it is no token of this server, or not whole',
  wrong_kind: 'it is a token of another kind',
  bad_signature: 'its signature does not fit, or its key is revoked or unknown',
  unknown: 'nobody issued it, or not here',
  not_yet_valid: 'it is not valid yet',
  not_in_scope: 'it is not meant for who asked',
  machine_deleted: 'its machine was deleted',
  wrong_environment: 'an instance of this environment honours none',
  revoked: 'it was revoked',
  expired: 'it has expired',
  used_up: 'it was used as often as it may be',
}

/** @throws {CliError} if the token is not active */
export async function orReason<Token>(verifying: Promise<Token>): Promise<Token> {
  try {
    return await verifying
  } catch (error) {
    const [first] = error instanceof APIError ? error.errors : []
    if (!(error instanceof APIError) || first?.code !== 'resource_not_found') throw error
    const { reason } = (first.meta ?? {}) as { reason?: unknown }
    const why = typeof reason === 'string' ? `: ${REASONS[reason] ?? printable(reason)}` : ''
    const trace = printable(error.traceId ?? 'none')
    throw new CliError(`The token is not active${why}. (${first.code}, trace ${trace})`, 1, { cause: error })
  }
}
