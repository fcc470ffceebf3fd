import type { SigningKey } from '@mintmark/sdk'
import { Command } from 'commander'
import { apiCommand } from '../../api/api-command.ts'
import { showPage, showRecord, state, time } from '../../api/show.ts'
import { CliError } from '../../cli-error.ts'
import { say } from '../../output.ts'
import { durationOption, id, toDuration } from '../../values.ts'

export function keysCommand(): Command {
  return new Command('keys')
    .description("Signing keys: what signs the instance's JWTs, and how clients verify them.")
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand())
}

const listCommand = () =>
  apiCommand({
    name: 'list',
    description: 'List signing keys, newest first, also those that are over.',
    async act({ mintmark }) {
      const page = await mintmark.signingKeys.list()
      return () =>
        showPage(
          page,
          0,
          [
            ['ID', (key) => key.id],
            ['STATE', (key) => state(key.state)],
            ['ALG', ({ alg }) => alg],
            ['SIGNS FROM', ({ activeFrom }) => time(activeFrom)],
            ['ACCEPTED UNTIL', (key) => endOf(key)],
            ['CREATED', ({ createdAt }) => time(createdAt)],
          ],
          ['ALG', 'CREATED', 'SIGNS FROM'],
        )
    },
  })

interface RotateFlags {
  readonly activateIn: number
  readonly overlap: number
}

const rotateCommand = () =>
  apiCommand<RotateFlags>({
    name: 'rotate',
    description: 'Publish a new signing key, which signs from a later moment on.',
    destructive: true,
    shape: (command) =>
      void command
        .addOption(
          durationOption('--activate-in <DURATION>', 'How long it is published before it signs.', 600),
        )
        .addOption(
          durationOption(
            '--overlap <DURATION>',
            'How long the key until then is accepted afterwards: as long as the longest JWT lives.',
            2_592_000,
          ),
        ),
    async act({ mintmark, flags: { activateIn, overlap }, confirm }) {
      const signs = activateIn === 0 ? 'at once' : `in ${toDuration(activateIn)}`
      await confirm(
        `Rotate the signing key? A new one signs ${signs}; what the old one signed is refused ${toDuration(overlap)} later.`,
      )
      const rotated = await mintmark.signingKeys.rotate({
        activateInSeconds: activateIn,
        overlapSeconds: overlap,
      })
      return () => {
        showKey(rotated)
        say(rotated.state === 'next' ? pinnedLater(rotated) : PINNED)
      }
    },
  })

const PINNED = 'Programs that were given the public key as CLERK_JWT_KEY need the new one: "mintmark env".'

/** Until then its predecessor signs, and programs that have the new key alone would refuse everything. */
const pinnedLater = ({ activeFrom }: SigningKey): string =>
  `From ${time(activeFrom)} on, programs that were given the public key as CLERK_JWT_KEY need the new one: "mintmark keys list --json" has it as public_key now, and "mintmark env" prints it from then on.`

const revokeCommand = () =>
  apiCommand<{ readonly yes?: boolean }>({
    name: 'revoke',
    description: 'Revoke a signing key: everything that it signed is refused at once.',
    destructive: true,
    shape: (command) => void command.argument('<ID>', 'The id of the key, its kid.', id),
    async act({ mintmark, args: [keyId], flags: { yes }, confirm }) {
      const { data } = await mintmark.signingKeys.list()
      // Nobody is asked about nothing. With --yes nobody is asked at all, and the authority says it itself.
      if (!yes) requireKey(data, keyId!)
      const signerBefore = signerOf(data)
      await confirm(`Revoke the signing key ${keyId}? Everything that it signed is refused from then on.`)
      const revoked = await mintmark.signingKeys.revoke({ keyId: keyId! })
      return async () => {
        showKey(revoked)
        // Whichever key it was that signed: another may have taken over while the question was open.
        const signer = signerOf((await mintmark.signingKeys.list()).data)
        if (signer === undefined || signer === signerBefore) return
        say(`${signer} signs now.`)
        say(PINNED)
      }
    },
  })

/** @throws {CliError} if there is no such key among them */
function requireKey(keys: readonly SigningKey[], keyId: string): void {
  if (keys.some(({ id }) => id === keyId)) return
  throw new CliError(`No signing key was found with id ${keyId}.`)
}

const signerOf = (keys: readonly SigningKey[]): string | undefined =>
  keys.find((key) => key.state === 'active')?.id

const endOf = ({ revokedAt, retiresAt }: SigningKey): string =>
  revokedAt === null && retiresAt === null ? '-' : time(revokedAt ?? retiresAt)

function showKey(key: SigningKey): void {
  showRecord({
    ID: key.id,
    State: state(key.state),
    'Signs from': time(key.activeFrom),
    'Accepted until': endOf(key),
    Created: time(key.createdAt),
  })
}
