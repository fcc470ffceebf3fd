/** A PostgreSQL whose disk is small enough to fill: a file system in memory, which needs root on Linux. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import {
  createPostgresData,
  createPostgresHome,
  startPostgresServer,
  type PostgresServer,
} from '../support/postgres-server.ts'

export interface SmallDatabase {
  readonly url: string
  /** Takes no writes from now on, as a primary that its operator is about to leave; or takes them again. */
  setReadOnly(on: boolean): Promise<void>
  /** Takes all the space that is left. */
  fill(): void
  free(): void
  /** Starts it again on its data, if it has ended. */
  revive(): Promise<void>
  running(): boolean
  close(): Promise<void>
}

/** Enough for an empty database with a little log. */
const SIZE = '160m'
/** So that it does not need much space for its log. */
const SETTINGS = ['max_wal_size=64MB', 'min_wal_size=32MB']

export function canMount(): boolean {
  return (
    process.getuid?.() === 0 &&
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
  )
}

export async function startSmallDatabase(): Promise<SmallDatabase> {
  const home = createPostgresHome()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=711`, 'none', home.folder])
  let server: PostgresServer | null = null
  const close = async () => {
    await server?.stop('immediate')
    if (mounted.status === 0) spawnSync('umount', ['-l', home.folder])
    await home.remove()
  }
  const filler = join(home.folder, 'filler')
  try {
    if (mounted.status !== 0) throw new Error(`No file system could be mounted: ${mounted.stderr.toString()}`)
    const data = await createPostgresData(home, 'small')
    server = await startPostgresServer(data, { settings: SETTINGS })
    const { url, port } = server
    return {
      url,
      async setReadOnly(on) {
        const client = new Client({ connectionString: url })
        await client.connect()
        await client.query(`alter system set default_transaction_read_only = ${on ? 'on' : 'off'}`)
        await client.query('select pg_reload_conf()')
        await client.end()
      },
      fill: () => fillWithZeros(filler),
      free: () => rmSync(filler, { force: true }),
      running: () => server!.running(),
      async revive() {
        if (!server!.running()) server = await startPostgresServer(data, { port, settings: SETTINGS })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function fillWithZeros(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (const size of [1_048_576, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size))
  } finally {
    closeSync(file)
  }
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
