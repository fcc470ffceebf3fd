import { Command } from 'commander'
import { makeDataFolder, readMasterKeys } from '../../server/data-folder.ts'
import { SETTING_NAMES } from '../../server/settings.ts'
import { createLog } from '../log.ts'
import { addConfigFile, addJson, addSettings, configOf } from '../options.ts'
import { printJson, say } from '../output.ts'
import { runServer } from '../run-server.ts'

export function serveCommand(): Command {
  const command = new Command('serve').description(
    'Run a server for production. Each setting is a flag, a MINTMARK_ variable or a name in the file.',
  )
  return addConfigFile(addJson(addSettings(command, SETTING_NAMES))).action(
    async (flags: Readonly<Record<string, unknown>>) => {
      const config = configOf(flags)
      makeDataFolder(config.data)
      const masterKeys = readMasterKeys(config)
      const log = createLog(config.logLevel, 'json')
      await runServer(config, {
        log,
        masterKeys,
        async onReady({ url, metricsUrl, authority }) {
          if (flags.json) printJson({ url, metricsUrl })
          log.log.info({ url, metricsUrl }, 'ready')
          if ((await authority.storage.read.instances.list()).length === 0) {
            say(
              'mintmark: there is no instance yet. Make one, also while the server runs, with the same settings: mintmark instances create --name production …',
            )
          }
        },
      })
    },
  )
}
