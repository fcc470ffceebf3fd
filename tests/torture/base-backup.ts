/**
 * Copies the data of a PostgreSQL that runs, so that the copy can follow it. The package of the tests has no
 * `pg_basebackup`; this is the same, by the functions of the server that are there for it.
 */
import {
  appendFileSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { Client } from 'pg'
import type { PostgresData, PostgresHome } from '../support/postgres-server.ts'

interface BackupSource {
  readonly url: string
  readonly port: number
  readonly data: PostgresData
}

/** Of these folders a copy needs only that they are there. */
const EMPTIED = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
])
const LEFT_OUT = /^(?:postmaster\.(?:pid|opts)|backup_label(?:\.old)?|standby\.signal|pgsql_tmp.*)$/

/** @param name of the copy's folder, of its replication slot, and by which the primary knows it */
export async function takeBaseBackup(
  { folder: home }: PostgresHome,
  name: string,
  source: BackupSource,
): Promise<PostgresData> {
  const folder = join(home, name)
  const client = new Client({ connectionString: source.url })
  await client.connect()
  try {
    // What is written from now on stays until the copy has read it.
    await client.query('select pg_create_physical_replication_slot($1, true)', [name])
    await client.query('select pg_backup_start($1, true)', [name])
    copyFolder(source.data.folder, folder)
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    writeOwned(folder, 'backup_label', rows[0]!.labelfile)
  } finally {
    await client.end()
  }
  writeOwned(folder, 'standby.signal', '')
  const { password } = source.data
  appendFileSync(join(folder, 'postgresql.auto.conf'), followerSettings(name, source.port, password))
  return { folder, password }
}

/** Later lines count. A standby that is promoted commits alone, until it has one itself. */
const followerSettings = (name: string, port: number, password: string): string => `
primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres password=${password} application_name=${name}'
primary_slot_name = '${name}'
synchronous_standby_names = ''
wal_retrieve_retry_interval = 100ms
`

function writeOwned(folder: string, name: string, text: string): void {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  const { uid, gid } = statSync(folder)
  chownSync(path, uid, gid)
}

/** Pages may be copied in halves: recovery writes them anew, from what was logged since the backup began. */
function copyFolder(from: string, to: string): void {
  const { uid, gid, mode } = statSync(from)
  mkdirSync(to, { mode })
  chownSync(to, uid, gid)
  if (EMPTIED.has(basename(from))) return
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (LEFT_OUT.test(entry.name)) continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyFolder(source, target)
    else if (entry.isFile()) copyFile(source, target)
  }
}

/** A table may be dropped, and its file with it, while all are copied. */
function copyFile(from: string, to: string): void {
  try {
    copyFileSync(from, to)
    const { uid, gid } = statSync(from)
    chownSync(to, uid, gid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
