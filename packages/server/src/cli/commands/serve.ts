import cluster from 'node:cluster'
import { Command } from 'commander'
import { makeDataFolder, readMasterKeys } from '../../server/data-folder.ts'
import { SETTING_NAMES } from '../../server/settings.ts'
import { work } from '../../server/workers/worker.ts'
import { createLog, type Log } from '../log.ts'
import { addConfigFile, addJson, addSettings, configOf } from '../options.ts'
import { printJson, say } from '../output.ts'
import { runServer } from '../run-server.ts'
import { runSupervisor } from '../run-supervisor.ts'

export function serveCommand(): Command {
  const command = new Command('serve').description(
    'Run a server for production. Each setting is a flag, a MINTMARK_ variable or a name in the file.',
  )
  return addConfigFile(addJson(addSettings(command, SETTING_NAMES))).action(
    (flags: Readonly<Record<string, unknown>>) =>
      // A worker is started with the arguments of its supervisor, and gets its settings from there.
      cluster.isWorker ? work((level) => createLog(level, 'json', { isShared: true })) : run(flags),
  )
}

async function run(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags)
  makeDataFolder(config.data)
  const masterKeys = readMasterKeys(config)
  const log = createLog(config.logLevel, 'json')
  const tell = (ready: Ready) => tellReady(log, ready, flags.json === true)
  if (config.workers > 1) {
    const { workers } = config
    await runSupervisor(config, {
      log,
      masterKeys,
      onReady: (supervisor) => tell({ ...supervisor, workers }),
    })
    return
  }
  await runServer(config, {
    log,
    masterKeys,
    // Whoever reloads all services, or ends a session, does not mean to end this one.
    onHangUp: 'ignore',
    onReady: tell,
  })
}

interface Ready {
  readonly url: string
  readonly metricsUrl: string | null
  readonly hasInstance: boolean
  readonly workers?: number
}

function tellReady({ log }: Log, { url, metricsUrl, hasInstance, workers }: Ready, json: boolean): void {
  if (json) printJson({ url, metricsUrl })
  log.info({ url, metricsUrl, ...(workers !== undefined && { workers }) }, 'ready')
  if (!hasInstance) {
    say(
      'mintmark: there is no instance yet. Make one, also while the server runs, with the same settings: mintmark instances create --name production …',
    )
  }
}
