/**
 * An answer that is lost after its commit: a proxy lets the request through and keeps the answer. The SDK asks
 * again under the same key, and the server must not do it again.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Mintmark } from '@mintmark/sdk'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'
import { startServer, type MisbehavingServer } from './support.ts'

let server: ServerProcess
let proxy: MisbehavingServer
let passed: string[] = []

type Fault = (response: ServerResponse, answer: Response, body: string) => void

beforeAll(async () => void (server = await startDev()))
afterEach(() => proxy.close())
afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

/** Passes each request on; the first answer is lost in the way that `fault` has. */
async function lose(fault: Fault): Promise<Mintmark> {
  passed = []
  proxy = await startServer((request, response) => void pass(request, response, fault))
  return new Mintmark({
    serverURL: proxy.url,
    secretKey: server.env.CLERK_SECRET_KEY,
    machineSecretKey: server.env.CLERK_MACHINE_SECRET_KEY,
    retryConfig: { strategy: 'backoff', backoff: { initialInterval: 1 } },
  })
}

async function pass(request: IncomingMessage, response: ServerResponse, fault: Fault): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  const headers = { ...request.headers } as Record<string, string>
  for (const name of ['host', 'connection', 'content-length', 'transfer-encoding']) delete headers[name]
  const body = Buffer.concat(chunks)
  const answer = await fetch(server.url + request.url!, {
    method: request.method!,
    headers,
    ...(body.length > 0 && { body }),
  })
  const text = await answer.text()
  passed.push(text)
  if (passed.length === 1) return fault(response, answer, text)
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text)
}

const FAULTS: [string, Fault][] = [
  ['becomes 500', (response) => void response.writeHead(500).end()],
  [
    'becomes 503 with Retry-After',
    (response) => void response.writeHead(503, { 'retry-after': '0' }).end('busy'),
  ],
  ['is cut off before it begins', (response) => void response.socket!.destroy()],
  [
    'is cut off in its middle',
    (response, { status }, body) => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
      response.write(body.slice(0, body.length / 2), () => response.socket!.destroy())
    },
  ],
]

describe('a create whose answer is lost', () => {
  it.each(FAULTS)('makes one M2M token if the answer %s', async (_, fault) => {
    const client = await lose(fault)
    const machine = await client.machines.create({ name: 'issuer' })
    passed = []
    const issued = await client.m2m.createToken({ machineSecretKey: machine.secretKey })
    expect(passed).toHaveLength(2)
    expect(JSON.parse(passed[0]!)).toMatchObject({ id: issued.id, token: issued.token })

    const direct = new Mintmark({ serverURL: server.url, machineSecretKey: machine.secretKey })
    const { data, totalCount } = await direct.m2m.listTokens({ subject: machine.id })
    expect(totalCount).toBe(1)
    expect(data.map(({ id }) => id)).toEqual([issued.id])
  })

  it.each(FAULTS)('makes one machine if the answer %s', async (name, fault) => {
    const client = await lose(fault)
    const made = await client.machines.create({ name })
    expect(passed).toHaveLength(2)
    const { data } = await client.machines.list({ query: name })
    expect(data.map(({ id }) => id)).toEqual([made.id])
  })

  it.each(FAULTS)('revokes an actor token once if the answer %s', async (_, fault) => {
    const client = await lose(fault)
    const { id: userId } = await client.users.create()
    const { id } = await client.actorTokens.create({ userId, actor: { sub: 'user_1' } })
    passed = []
    // Without the key, the second attempt would be refused: it is revoked already.
    expect(await client.actorTokens.revoke({ actorTokenId: id })).toMatchObject({ id, status: 'revoked' })
    expect(passed).toHaveLength(2)
  })
})

describe('two calls', () => {
  it('have one effect if they are given one key', async () => {
    const client = await lose((response, answer, body) => {
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body)
    })
    const idempotencyKey = 'one job'
    const [first, second] = await Promise.all([
      client.machines.create({ name: 'only' }, { idempotencyKey }),
      client.machines.create({ name: 'only' }, { idempotencyKey }),
    ])
    expect(second.id).toBe(first.id)
  })
})
