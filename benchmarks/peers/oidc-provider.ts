/** `oidc-provider`: the client_credentials grant and token introspection, both with a confidential client. */
import { fileURLToPath } from 'node:url'
import { start } from '../processes.ts'
import type { Contender, Post } from './contender.ts'
import { PEERS } from './install.ts'

const SERVER = fileURLToPath(new URL('oidc-provider-server.ts', import.meta.url))

export const startOidcOnSqlite = (folder: string): Promise<Contender> =>
  startOidc('oidc-provider on SQLite', 'SQLite, WAL, synchronous=full', folder)

export const startOidcInMemory = (): Promise<Contender> =>
  startOidc('oidc-provider in memory', 'memory, none', '')

async function startOidc(name: string, durability: string, folder: string): Promise<Contender> {
  const server = await start([SERVER, folder], { NODE_ENV: 'production' })
  const { port, secret } = server.ready as { port: number; secret: string }
  const post = (path: string, client: string, form: Readonly<Record<string, string>>): Post => ({
    path,
    authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(form).toString(),
  })
  return {
    name,
    version: PEERS['oidc-provider'],
    durability,
    server,
    port,
    issue: post('/token', 'worker', { grant_type: 'client_credentials' }),
    issueStatus: 200,
    tokenOf: ({ access_token }) => access_token,
    verify: (token) => post('/token/introspection', 'api', { token }),
    isActive: ({ active }) => active === true,
    settleMs: 0,
    stop: server.stop,
  }
}
