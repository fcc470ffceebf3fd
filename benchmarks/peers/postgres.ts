/**
 * A PostgreSQL of its own, with the settings that the tests run it with: fsync and synchronous_commit are on. It is
 * started by this process and so runs on the load's core: the server's core is for the server alone.
 */
import { spawnSync } from 'node:child_process'
import {
  createPostgresData,
  createPostgresHome,
  startPostgresServer,
} from '../../tests/support/postgres-server.ts'

export interface Postgres {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** @returns a sentence, if it cannot run here */
export async function startPostgres(): Promise<Postgres | string> {
  // A benchmark must not make users of the system.
  if (process.getuid?.() === 0 && spawnSync('id', ['-u', 'postgres']).status !== 0)
    return 'PostgreSQL does not run as root, and there is no user named postgres.'
  const home = createPostgresHome()
  try {
    const { url, stop } = await startPostgresServer(await createPostgresData(home, 'peers'))
    return {
      url,
      async stop() {
        await stop()
        await home.remove()
      },
    }
  } catch (error) {
    await home.remove()
    throw error
  }
}
