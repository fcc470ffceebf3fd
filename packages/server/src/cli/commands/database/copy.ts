import { Command } from 'commander'
import { copy } from '../../../storage/transfer/copy.ts'
import { CliError } from '../../cli-error.ts'
import { addJson } from '../../options.ts'
import { printJson, printRecord, say } from '../../output.ts'
import { isSamePlace, readPlace, whileAlone } from '../../transfer/place.ts'
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
      '\nStop the servers of both first. Interrupted, run the same command again: it goes on where it stopped. In the\nend all rows of both sides are compared; until then no server starts on the copy. Tokens and keys stay good with\nthe same master key. A URL has a password in it, which others may see in the list of processes: use env:NAME.\n\n  mintmark copy --from sqlite:./data --to env:TARGET_URL',
    )
  return addJson(command).action(async (flags: Readonly<Record<string, unknown>>) => {
    const from = readPlace('--from', String(flags.from))
    const to = readPlace('--to', String(flags.to))
    if (isSamePlace(from, to)) throw new CliError('--from and --to are the same.', 2)
    const progress = startProgress()
    const summary = await whileAlone(from, false, () =>
      whileAlone(to, true, () =>
        copy(from, to, ({ step, done, total }) => progress?.show(STEPS[step], done, total)),
      ),
    ).finally(() => progress?.end())
    const rows = Object.values(summary.tables).reduce((sum, table) => sum + table.rows, 0)
    if (flags.json) return printJson(summary)
    if (summary.resumedAt > 0) say(`Went on after ${summary.resumedAt} rows of an attempt before.`)
    printRecord([
      ['Rows', String(rows)],
      ['Compared', 'the same on both sides'],
    ])
  })
}
