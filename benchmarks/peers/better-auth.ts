/** Better Auth with its API-key plugin: `createApiKey` and `verifyApiKey`, of which the latter has no HTTP of its own. */
import { fileURLToPath } from 'node:url'
import { start } from '../processes.ts'
import { jsonPost, type Contender } from './contender.ts'
import { PEERS } from './install.ts'

const SERVER = fileURLToPath(new URL('better-auth-server.ts', import.meta.url))

export const startBetterAuthOnSqlite = (folder: string): Promise<Contender> =>
  startBetterAuth('Better Auth on SQLite', 'SQLite, WAL, synchronous=full', folder)

export const startBetterAuthInMemory = (): Promise<Contender> =>
  startBetterAuth('Better Auth in memory', 'memory, none', '')

async function startBetterAuth(name: string, durability: string, folder: string): Promise<Contender> {
  const server = await start([SERVER, folder], { NODE_ENV: 'production' })
  return {
    name,
    version: PEERS['better-auth'],
    durability,
    server,
    port: Number(server.ready.port),
    issue: jsonPost('/create', 'none', {}),
    issueStatus: 200,
    tokenOf: ({ key }) => key,
    verify: (key) => jsonPost('/verify', 'none', { key }),
    isActive: ({ valid }) => valid === true,
    settleMs: 0,
    stop: server.stop,
  }
}
