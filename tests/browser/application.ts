/**
 * An application as its makers would write it: a page that loads clerk-js from the authority, and a server that knows
 * by the official `@clerk/backend` who asks. It listens on loopback, on an origin of its own.
 */
import { createClerkClient, type ClerkClient } from '@clerk/backend'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Application {
  readonly origin: string
  close(): Promise<void>
}

export interface ApplicationOptions {
  readonly apiUrl: string
  readonly secretKey: string
  readonly publishableKey: string
  readonly frontendUrl: string
  /** The name that browsers find it by. */
  readonly host?: string
  /** In PEM. With it, the server also knows who asks by cookies alone, as a server of a live instance does. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

export async function startApplication({
  apiUrl,
  secretKey,
  publishableKey,
  frontendUrl,
  host = 'localhost',
  tls,
}: ApplicationOptions): Promise<Application> {
  const clerk = createClerkClient({ apiUrl, secretKey, publishableKey, telemetry: { disabled: true } })
  const values: Record<string, string> = { frontendUrl, publishableKey }
  const html = read('application.html').replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name]!)
  const script = read('application.js')
  let origin = ''

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url!, origin)
    if (pathname === '/application.js') return void send(outgoing, 'text/javascript', script)
    if (pathname === '/whoami') return whoAsks(incoming, outgoing)
    if (pathname !== '/') return void outgoing.writeHead(404).end()
    if (tls !== undefined && (await shakesHands(incoming, outgoing))) return undefined
    send(outgoing, 'text/html', html)
  }

  const stateOf = (incoming: IncomingMessage) => authenticate(clerk, incoming, origin)

  async function whoAsks(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const state = await stateOf(incoming)
    const { userId, sessionId, actor } = state.toAuth() ?? {}
    send(outgoing, 'application/json', JSON.stringify({ status: state.status, userId, sessionId, actor }))
  }

  /** What every framework's middleware does: the browser is sent to the authority, and sets what it brings back. */
  async function shakesHands(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> {
    const { headers } = await stateOf(incoming)
    for (const cookie of headers.getSetCookie()) outgoing.appendHeader('Set-Cookie', cookie)
    const location = headers.get('location')
    if (location === null) return false
    outgoing.writeHead(307, { Location: location }).end()
    return true
  }

  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answer(incoming, outgoing).catch((error: unknown) => outgoing.writeHead(500).end(String(error)))
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  origin = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`
  return {
    origin,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function authenticate(clerk: ClerkClient, { url, method, headers }: IncomingMessage, origin: string) {
  const request = new Request(new URL(url!, origin), {
    method: method!,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
  })
  return clerk.authenticateRequest(request, { authorizedParties: [origin] })
}

const send = (outgoing: ServerResponse, type: string, body: string) =>
  outgoing.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body)
