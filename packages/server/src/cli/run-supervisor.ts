/** Runs several workers until it is told to stop, and ends the process as it should end. */
import type { Log } from './log.ts'
import type { MasterKeys } from '../server/key-ring.ts'
import type { Config } from '../server/settings.ts'
import { supervise, type Supervisor } from '../server/workers/supervise.ts'

export interface SuperviseOptions {
  readonly log: Log
  readonly masterKeys: MasterKeys
  readonly onReady: (supervisor: Supervisor) => void
}

/** Fulfilled once all workers have stopped. @throws what kept them from starting, or from going on */
export async function runSupervisor(
  config: Config,
  { log: { log, flush }, masterKeys, onReady }: SuperviseOptions,
): Promise<void> {
  // Before there is anything to replace, it asks for nothing, and must not end the process.
  let replaceAll = () => {}
  process.on('SIGHUP', () => replaceAll())
  const supervisor = await supervise(config, { log, masterKeys })
  replaceAll = () => {
    log.info({ signal: 'SIGHUP' }, 'replacing all workers')
    supervisor.replaceAll()
  }
  let signals = 0
  const stopping = new Promise<null>((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      if (++signals > 1) {
        supervisor.kill() // asked twice: not later, now
        process.exit(1)
      }
      log.info({ signal }, 'stopping')
      resolve(null)
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
  try {
    onReady(supervisor)
    const error = await Promise.race([stopping, supervisor.failed])
    replaceAll = () => {}
    if (error !== null) log.error({ fault: error.message }, 'the workers cannot go on')
    await supervisor.stop()
    if (error !== null) throw error
    log.info('stopped')
  } finally {
    flush()
  }
}
