import { Command } from 'commander'
import type { Place } from '../../../storage/transfer/connection.ts'
import { copy, type CopyProgress, type CopySummary } from '../../../storage/transfer/copy.ts'
import { CliError } from '../../cli-error.ts'
import { addJson } from '../../options.ts'
import { printJson, printRecord, say } from '../../output.ts'
import { whileInterruptible } from '../../transfer/interrupt.ts'
import { isSamePlace, nameOf, readPlace, whileAlone } from '../../transfer/place.ts'
import { startProgress } from '../../transfer/progress.ts'

const STEPS = { copy: 'Copying', verify: 'Comparing' } as const

export function copyCommand(): Command {
  const command = new Command('copy')
    .description(
      'Copy everything from one database into another, empty one: from a folder to PostgreSQL, or back.',
    )
    .requiredOption('--from <PLACE>', 'sqlite:DIR, a postgres:// URL, or env:NAME for one in a variable.')
    .requiredOption('--to <PLACE>', 'The same. It must be empty, or a copy that was not finished.')
    .addHelpText(
      'after',
      '\nStop the servers of both first. Interrupted, run the same command again: it\ngoes on where it stopped. In the end all rows of both sides are compared; until\nthen no server starts on the copy. Tokens and keys stay good with the same\nmaster key. A URL has a password in it, which others may see in the list of\nprocesses: use env:NAME.\n\n  mintmark copy --from sqlite:./data --to env:TARGET_URL',
    )
  return addJson(command).action(async (flags: Readonly<Record<string, unknown>>) => {
    const from = readPlace('--from', String(flags.from))
    const to = readPlace('--to', String(flags.to))
    if (isSamePlace(from, to)) throw new CliError('--from and --to are the same.', 2)
    const summary = await run(from, to)
    const rows = Object.values(summary.tables).reduce((sum, table) => sum + table.rows, 0)
    const advice = adviceFor(from, to)
    if (flags.json) return printJson({ from: nameOf(from), database: nameOf(to), ...summary, advice })
    if (summary.resumedAt > 0) say(`Went on after ${summary.resumedAt} rows of an attempt before.`)
    printRecord([
      ['From', nameOf(from)],
      ['Database', nameOf(to)],
      ['Rows', String(rows)],
      ['Compared', 'the same on both sides'],
    ])
    for (const each of advice) say(each)
  })
}

async function run(from: Place, to: Place): Promise<CopySummary> {
  const progress = startProgress()
  let copied: Pick<CopyProgress, 'done' | 'total'> | null = null
  const onProgress = ({ step, done, total }: CopyProgress) => {
    if (step === 'copy') copied = { done, total }
    progress?.show(STEPS[step], done, total)
  }
  const onInterrupt = () =>
    copied === null
      ? 'Interrupted before the first row. The same command begins anew.'
      : `Interrupted after ${copied.done} of ${copied.total} rows. The same command goes on there.`
  try {
    return await whileAlone(from, { make: false, side: 'from' }, () =>
      whileAlone(to, { make: true, side: 'to' }, () =>
        whileInterruptible(onInterrupt, () => copy(from, to, onProgress)),
      ),
    )
  } finally {
    progress?.end()
  }
}

/** What is left to do, for the operator. */
const adviceFor = (from: Place, to: Place): readonly string[] => [
  `Start the servers with ${settingFor(to)} and the same master key.`,
  `Do not start those of ${nameOf(from)} again: what is revoked in one is not revoked in the other.`,
]

const settingFor = (place: Place): string =>
  place.kind === 'sqlite'
    ? `--data ${nameOf(place)}`
    : `MINTMARK_DATABASE_URL set to ${nameOf(place)} with its password`
