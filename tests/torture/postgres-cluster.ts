/**
 * A PostgreSQL that commits on two disks: a primary and a synchronous standby that streams from it, as processes
 * that can be killed, paused and promoted. What was acknowledged is on both.
 */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import {
  createPostgresData,
  createPostgresHome,
  startPostgresServer,
  type PostgresData,
  type PostgresServer,
} from '../support/postgres-server.ts'
import { takeBaseBackup } from './base-backup.ts'

export interface ClusterMember {
  /** Of the database `postgres`, as its superuser; the same for as long as the member exists. */
  readonly url: string
  readonly port: number
  running(): boolean
  /** Ends the whole server without notice, as a power cut of its machine would. */
  kill9(): Promise<void>
  /** Stops every process of it where it is; connections stay, and nobody answers. */
  pause(): void
  resume(): void
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** Starts it again on its data and its port. */
  start(): Promise<void>
  /** Without a checkpoint, so that it recovers. */
  restart(): Promise<void>
}

export interface PostgresCluster {
  /** Who takes writes. */
  readonly primary: ClusterMember
  /** Who follows the primary: `null` between a promotion and `addStandby`. */
  readonly standby: ClusterMember | null
  /**
   * Makes the standby the primary, whatever the former one does; that one is not told. The new one commits alone.
   *
   * @returns the former primary, which may be started again: it would then be a second one that takes writes
   */
  promote(): Promise<ClusterMember>
  /** Makes a new standby from a copy of the primary. @returns when commits wait for it */
  addStandby(): Promise<void>
  /** Ends every member there ever was, and removes their data. */
  close(): Promise<void>
}

type RunningMember = ClusterMember & { readonly data: PostgresData }

/** It only ends what hangs. */
const LONGEST_MS = 60_000

export async function startPostgresCluster(): Promise<PostgresCluster> {
  const home = createPostgresHome()
  const members: RunningMember[] = []
  let primary: RunningMember
  let standby: RunningMember | null = null

  const add = async (data: PostgresData) => {
    const member = await startMember(data)
    members.push(member)
    return member
  }
  const addStandby = async () => {
    if (standby !== null) throw new Error('There is a standby already.')
    const name = `member${members.length}`
    standby = await add(await takeBaseBackup(home, name, primary))
    await ask(primary.url, `alter system set synchronous_standby_names = '${name}'`)
    await ask(primary.url, 'select pg_reload_conf()')
    await untilSynchronous(primary.url, name)
  }
  try {
    primary = await add(await createPostgresData(home, 'member0'))
    await addStandby()
  } catch (error) {
    await home.remove()
    throw error
  }
  return {
    get primary() {
      return primary
    },
    get standby() {
      return standby
    },
    addStandby,
    async promote() {
      if (standby === null) throw new Error('There is no standby to promote.')
      await ask(standby.url, `select pg_promote(true, ${LONGEST_MS / 1000})`)
      const former = primary
      primary = standby
      standby = null
      return former
    },
    async close() {
      for (const member of members) await member.kill9()
      await home.remove()
    },
  }
}

async function startMember(data: PostgresData): Promise<RunningMember> {
  let server = await startPostgresServer(data)
  const { url, port } = server
  const member: RunningMember = {
    data,
    url,
    port,
    running: () => server.running(),
    async kill9() {
      signalAll(server, ['SIGSTOP', 'SIGKILL'])
      await server.ended
    },
    pause: () => signalAll(server, ['SIGSTOP']),
    resume: () => signalAll(server, ['SIGCONT']),
    stop: (mode) => server.stop(mode),
    async start() {
      if (!server.running()) server = await startPostgresServer(data, { port })
    },
    async restart() {
      await server.stop('immediate')
      await member.start()
    },
  }
  return member
}

/**
 * The postmaster first: stopped, it starts no others. A backend has a session of its own, so that there is no group
 * to send a signal to; and one whose postmaster was killed alone would still finish what it does, and answer.
 */
function signalAll(server: PostgresServer, signals: readonly NodeJS.Signals[]): void {
  if (!server.running()) return
  const [first, ...others] = signals
  process.kill(server.pid, first)
  const children = childrenOf(server.pid)
  for (const pid of children) sendIfThere(pid, first!)
  for (const signal of others) for (const pid of [...children, server.pid]) sendIfThere(pid, signal)
}

function childrenOf(parent: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []))
}

function sendIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function untilSynchronous(url: string, name: string): Promise<void> {
  const deadline = Date.now() + LONGEST_MS
  const following = `select from pg_stat_replication where application_name = '${name}' and sync_state = 'sync'`
  while ((await ask(url, following)) === 0) {
    if (Date.now() > deadline) throw new Error('The standby does not follow its primary.')
    await sleep(10)
  }
}

/** @returns how many rows the answer has */
async function ask(url: string, sql: string): Promise<number> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    return (await client.query(sql)).rowCount ?? 0
  } finally {
    await client.end()
  }
}
