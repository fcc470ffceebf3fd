/** A program: `oidc-provider` with two clients, in memory or, where a folder is named, in SQLite. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { importPeer } from './install.ts'
import { createSqliteAdapter } from './oidc-provider-sqlite.ts'

interface OidcProvider {
  Provider: new (issuer: string, configuration: unknown) => { callback(): RequestListener }
}
interface MemoryAdapter {
  default: new (model: string, store: unknown) => unknown
}
interface Lru {
  default: new (options: { maxSize: number }) => unknown
}

const { Provider } = await importPeer<OidcProvider>('oidc-provider/lib/index.js')
const [, , folder = ''] = process.argv
const secret = randomBytes(32).toString('base64url')
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const client = {
  client_secret: secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
}

const provider = new Provider('http://127.0.0.1', {
  adapter: folder === '' ? await createMemoryAdapter() : createSqliteAdapter(folder),
  clients: [
    { ...client, client_id: 'worker' },
    { ...client, client_id: 'api' },
  ],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
  },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
  // Longer than the benchmark.
  ttl: { ClientCredentials: 86_400 },
})

const server = createServer(provider.callback())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : null
  process.stdout.write(`${JSON.stringify({ port, secret })}\n`)
})

/** Its own adapter and store, but larger: as it comes it forgets all but the newest thousand or two. */
async function createMemoryAdapter() {
  const { default: Adapter } = await importPeer<MemoryAdapter>('oidc-provider/lib/adapters/memory_adapter.js')
  const { default: Store } = await importPeer<Lru>('oidc-provider/lib/helpers/lru.js')
  const store = new Store({ maxSize: 10_000_000 })
  return (model: string) => new Adapter(model, store)
}
