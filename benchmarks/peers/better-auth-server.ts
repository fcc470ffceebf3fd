/**
 * A program: Better Auth with its API-key plugin, in memory or, where a folder is named, in SQLite. Its own HTTP creates
 * keys for who is signed in and verifies none, so both go through the least handler that can call its server API:
 * without its router, and without asking who calls.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { importPeer } from './install.ts'

type Endpoint = (input: { body: Readonly<Record<string, unknown>> }) => Promise<unknown>

interface BetterAuth {
  betterAuth(options: unknown): {
    readonly api: { readonly createApiKey: Endpoint; readonly verifyApiKey: Endpoint }
  }
}
interface ApiKeyPlugin {
  apiKey(options: unknown): unknown
}
interface Migration {
  getMigrations(options: unknown): Promise<{ runMigrations(): Promise<void> }>
}

const { betterAuth } = await importPeer<BetterAuth>('better-auth/dist/index.mjs')
const { apiKey } = await importPeer<ApiKeyPlugin>('@better-auth/api-key/dist/index.mjs')
const [, , folder = ''] = process.argv
const shared = { rateLimit: { enabled: false } }
const common = {
  baseURL: 'http://127.0.0.1',
  secret: randomBytes(32).toString('base64'),
  logger: { disabled: true },
  telemetry: { enabled: false },
  ...shared,
}
const { api } = betterAuth(folder === '' ? inMemory() : await onSqlite(folder))

/** Its own secondary storage, of which a map is the fastest: its memory adapter reads through all keys for one. */
function inMemory() {
  const map = new Map<string, string>()
  const customStorage = {
    get: (key: string) => map.get(key) ?? null,
    set: (key: string, value: string) => void map.set(key, value),
    delete: (key: string) => void map.delete(key),
  }
  return { ...common, plugins: [apiKey({ ...shared, storage: 'secondary-storage', customStorage })] }
}

async function onSqlite(path: string) {
  mkdirSync(path, { recursive: true })
  const database = new DatabaseSync(join(path, 'better-auth.db'))
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  const options = { ...common, database, plugins: [apiKey(shared)] }
  const { getMigrations } = await importPeer<Migration>('better-auth/dist/db/get-migration.mjs')
  await (await getMigrations(options)).runMigrations()
  return options
}

let created = 0
/** A user for each key: in memory it keeps a list of each user's keys, and reads it through at each verification. */
const createKey = () => api.createApiKey({ body: { userId: `user_${created++}` } })

async function answer(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  if (request.url === '/create') return createKey()
  const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
  return api.verifyApiKey({ body })
}

const server = createServer((request, response) => {
  answer(request).then(
    (value) => {
      const text = JSON.stringify(value)
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        'Content-Length': String(Buffer.byteLength(text)),
      })
      response.end(text)
    },
    () => {
      response.writeHead(500, { 'Content-Length': '2' })
      response.end('{}')
    },
  )
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : null })}\n`)
})
