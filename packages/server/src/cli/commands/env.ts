import { Command } from 'commander'
import { clientEnvironment, toDotenv, toShell } from '../client-environment.ts'
import { chooseInstance, withAuthority } from '../open-folder.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../options.ts'
import { printJson, printLines } from '../output.ts'

export function envCommand(): Command {
  const command = new Command('env')
    .description("Print an instance's keys and URLs by the names that SDKs read, for shells and .env files.")
    .option('--instance <ID>', 'Id or name of the instance, where there are several.')
    .option('--shell', 'Print lines for a shell to evaluate, instead of lines for a .env file.')
    .addHelpText('after', '\nExamples:\n  mintmark env > .env\n  eval "$(mintmark env --shell)"')
  return addConfigFile(
    addJson(addSettings(command, ['data', 'publicUrl', 'masterKeyFile'], DEV_DEFAULTS)),
  ).action(async (flags: Readonly<Record<string, unknown>>) => {
    const config = configOf(flags, DEV_DEFAULTS)
    await withAuthority({ ...config, migrate: false }, async (authority, url) => {
      const instance = await chooseInstance(authority, flags.instance as string | undefined)
      const variables = await clientEnvironment(authority, instance, url)
      if (flags.json) printJson(variables)
      else printLines(flags.shell ? toShell(variables) : toDotenv(variables))
    })
  })
}
