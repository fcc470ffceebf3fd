import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { Command } from 'commander'
import { toHex } from '../../../core/ids.ts'
import { systemRandom } from '../../../core/secrets/random.ts'
import type { Place } from '../../../storage/transfer/connection.ts'
import { removeUnfinished } from '../../../storage/transfer/destination.ts'
import { restore, type RestoreSummary } from '../../../storage/transfer/restore.ts'
import { CliError } from '../../cli-error.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../../options.ts'
import { printJson, printRecord, say } from '../../output.ts'
import { whileInterruptible } from '../../transfer/interrupt.ts'
import { nameOf, placeOf, whileAlone } from '../../transfer/place.ts'
import { startProgress } from '../../transfer/progress.ts'

type Flags = Readonly<Record<string, unknown>>

export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('Fill an empty data folder or database from a backup.')
    .argument('<file>', 'What "mintmark backup" wrote, or - for stdin.')
    .option('--journal <FILE>', 'What "mintmark audit export" printed: what to revoke again.')
    .addHelpText(
      'after',
      '\nThe database is that of --data, or of MINTMARK_DATABASE_URL if that is set.\nNothing is overwritten, and a restore that fails leaves nothing behind.\n\nA backup does not know what was revoked after it was made. So without\n--journal, every token issued until now is refused from then on. With it, what\nthe journal says is revoked again, and all other tokens of the backup stay\ngood. Tokens and keys made after the backup are not known in either case, and\nare refused.',
    )
  return addConfigFile(addJson(addSettings(command, ['data'], DEV_DEFAULTS))).action(
    async (file: string, flags: Flags) => {
      const place = placeOf(configOf(flags, DEV_DEFAULTS))
      const summary = await run(place, file, flags.journal as string | undefined)
      if (flags.json) return printJson({ database: nameOf(place), ...toJson(summary) })
      printRecord([['Database', nameOf(place)], ...linesOf(summary)])
      for (const advice of adviceFor(summary)) say(advice)
    },
  )
}

async function run(place: Place, file: string, journal: string | undefined): Promise<RestoreSummary> {
  const progress = startProgress()
  const source = file === '-' ? process.stdin : await openBackup(file)
  const handle = journal === undefined ? null : await openFile(journal)
  try {
    const fill = () =>
      restore(source, place, {
        name: file === '-' ? 'stdin' : file,
        journal: handle && { name: journal!, lines: linesIn(handle) },
        now: Date.now(),
        traceId: toHex(systemRandom.bytes(16)),
        onProgress: progress && ((done, table) => progress.show(`Restoring ${table},`, done, 0)),
      })
    return await whileAlone(place, { make: true }, () => whileInterruptible(() => discard(place), fill))
  } finally {
    progress?.end()
    await handle?.close()
  }
}

function discard(place: Place): string {
  // A database has forgotten it when the connection is gone.
  if (place.kind === 'sqlite') removeUnfinished(place.folder)
  return 'Interrupted. Nothing was kept.'
}

/** Begun when it is asked for: lines that are read before somebody waits for them are lost. */
async function* linesIn(handle: FileHandle): AsyncGenerator<string> {
  yield* handle.readLines()
}

async function openBackup(file: string): Promise<Readable> {
  const handle = await openFile(file)
  await handle.close()
  return createReadStream(file)
}

async function openFile(file: string): Promise<FileHandle> {
  const handle = await open(file).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError(`${file} cannot be read (${code}).`, 1, { cause: error })
  })
  if (!(await handle.stat()).isDirectory()) return handle
  await handle.close()
  throw new CliError(`${file} is a folder.`)
}

const iso = (at: number): string => new Date(at).toISOString()

function toJson(summary: RestoreSummary): object {
  const { header, journal, ...rest } = summary
  const { createdAt, release, store, lastAuditNumber } = header
  const { late: _late, ...told } = journal ?? { late: null }
  return {
    backup: { createdAt, release, store, lastAuditNumber },
    ...rest,
    journal: journal && told,
    advice: adviceFor(summary),
  }
}

function linesOf({ header, rows, instances, journal, ...rest }: RestoreSummary): [string, string][] {
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0)
  return [
    ['Backup of', iso(header.createdAt)],
    ['Rows', String(total)],
    ['Instances', String(instances)],
    ...(journal === null
      ? ([
          ['Refused', `every token issued until ${iso(rest.tokensNotBefore!)}`],
          ['Actor tokens revoked', String(rest.actorTokensRevoked)],
          ['Sign-in tokens revoked', String(rest.signInTokensRevoked)],
          ['Testing tokens revoked', String(rest.testingTokensRevoked)],
          ['Sessions ended', String(rest.sessionsRevoked)],
        ] as [string, string][])
      : ([
          ['Journal', `${journal.events} events after the backup`],
          ...Object.entries(journal.replayed).map(([action, count]) => [`  ${action}`, String(count)]),
        ] as [string, string][])),
  ]
}

/** As many names as a person reads. */
const NAMES = 20

function named(ids: readonly string[]): string {
  const more = ids.length - NAMES
  return more <= 0 ? ids.join(', ') : `${ids.slice(0, NAMES).join(', ')} and ${more} more (--json has all)`
}

/** What only the operator can put right. */
function adviceFor({ header, journal }: RestoreSummary): readonly string[] {
  const since = iso(header.createdAt)
  if (journal === null) {
    return [
      'Machines have to issue new tokens: those of before are refused.',
      `Keys of machines and instances, and signing keys, that were rotated or revoked after ${since} are good again: rotate or revoke those that must not be.`,
      `Machines, scopes and users that were deleted after ${since} are there again: delete them again.`,
      `Tokens and keys made after ${since} are not known, and are refused.`,
    ]
  }
  return [
    ...(journal.lastAt === null
      ? []
      : [`The journal ends at ${iso(journal.lastAt)}: what was revoked after that is good again.`]),
    `Tokens and keys made after ${since} are not known, and are refused. A key that replaced another one has to be replaced too.`,
    ...adviceIfAny(
      journal.instancesWithoutKey,
      'These instances need a new key (mintmark instances rotate-key)',
    ),
    ...adviceIfAny(
      journal.machinesWithoutKey,
      'These machines need a new key (mintmark machines rotate-key)',
    ),
    ...adviceIfAny(
      journal.instancesWithRevokedSigningKey,
      'A signing key of these instances was revoked; see that they have one (mintmark keys list, mintmark keys rotate)',
    ),
  ]
}

const adviceIfAny = (ids: readonly string[], advice: string): readonly string[] =>
  ids.length === 0 ? [] : [`${advice}: ${named(ids)}`]
