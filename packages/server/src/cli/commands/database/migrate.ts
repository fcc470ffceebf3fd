import { Command } from 'commander'
import { migrate, migrationState } from '../../../storage/migrations/migrate.ts'
import { withDatabase } from '../../../server/open-storage.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../../options.ts'
import { print, printJson } from '../../output.ts'

export function migrateCommand(): Command {
  const command = new Command('migrate')
    .description(
      'Bring the database to the schema of this release; "serve" and "dev" do it by themselves at start.',
    )
    .option('--dry-run', 'Only print what would run.')
  return addConfigFile(addJson(addSettings(command, ['data'], DEV_DEFAULTS))).action(
    async (flags: Readonly<Record<string, unknown>>) => {
      const dryRun = flags.dryRun === true
      await withDatabase(configOf(flags, DEV_DEFAULTS), dryRun, async (connection) => {
        const { applied, pending } = await migrationState(connection)
        const ran = dryRun ? [] : await migrate(connection)
        if (flags.json) printJson({ applied: [...applied, ...ran], pending: flags.dryRun ? pending : [] })
        else if (flags.dryRun && pending.length > 0) print(`Would run: ${pending.join(', ')}`)
        else print(ran.length > 0 ? `Ran: ${ran.join(', ')}` : 'The schema is up to date.')
      })
    },
  )
}
