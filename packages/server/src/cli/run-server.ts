/** Runs a server until it is told to stop, and ends the process as it should end. */
import type { Log } from './log.ts'
import { serve, type RunningServer, type ServeOptions } from '../server/serve.ts'
import type { MasterKeys } from '../server/key-ring.ts'
import type { Config } from '../server/settings.ts'

export interface RunOptions {
  readonly log: Log
  readonly masterKeys: MasterKeys
  readonly prepare?: ServeOptions['prepare']
  readonly forDevelopment?: true
  readonly onReady: (server: RunningServer) => Promise<void> | void
  /** What the end of the terminal means, and the signal by which services are told to reload. */
  readonly onHangUp: 'stop' | 'ignore'
}

/** Fulfilled once the server has stopped. @throws what kept it from starting, or from going on */
export async function runServer(
  config: Config,
  { log: { log, writeLine, flush }, masterKeys, prepare, forDevelopment, onReady, onHangUp }: RunOptions,
): Promise<void> {
  let tellToStop: (error: Error | null) => void
  const stopping = new Promise<Error | null>((resolve) => (tellToStop = resolve))
  const server = await serve(config, {
    log,
    writeLine,
    masterKeys,
    ...(prepare && { prepare }),
    ...(forDevelopment && { forDevelopment }),
    onFatal: (error) => {
      log.error({ fault: error.message }, 'the disk failed: nothing can be acknowledged any more')
      tellToStop(error)
    },
  })
  let signals = 0
  const onSignal = (signal: NodeJS.Signals) => {
    if (++signals > 1) process.exit(1) // asked twice: not later, now
    log.info({ signal }, 'stopping')
    tellToStop(null)
  }
  const ignore = () =>
    log.warn({ signal: 'SIGHUP' }, 'ignored: there are no workers to replace; restart to change settings')
  const onSighup = onHangUp === 'stop' ? onSignal : ignore
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', onSighup)
  try {
    try {
      await onReady(server)
    } catch (error) {
      // Nobody was told of it: it must not go on in the background.
      await server.stop(0)
      throw error
    }
    const error = await stopping
    await server.stop()
    if (error !== null) throw error
    log.info('stopped')
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal).off('SIGHUP', onSighup)
    flush()
  }
}
