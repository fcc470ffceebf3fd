/** On the contract that Fastify documents: asynchronous hooks, which end a request by returning the reply. */
import {
  getAuth,
  mintmarkPlugin,
  requireAuth,
  type FastifyHook,
  type FastifyReply,
  type FastifyRequest,
} from '@mintmark/sdk/fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { m2mToken } from '../../support/signed-jwt.ts'
import { serveWith } from './node-server.ts'
import { bearer, breakableAuthenticator, describeAdapter } from './support.ts'

function replyOf(response: ServerResponse): FastifyReply {
  const reply: FastifyReply = {
    code(status) {
      response.statusCode = status
      return reply
    },
    headers(values) {
      for (const [name, value] of Object.entries(values)) response.setHeader(name, value)
      return reply
    },
    send(body) {
      response.end(body)
      return reply
    },
  }
  return reply
}

async function run(
  hooks: readonly FastifyHook[],
  raw: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request: FastifyRequest = { raw }
  const reply = replyOf(response)
  try {
    for (const hook of hooks) {
      const returned = await hook(request, reply)
      if (returned === reply) return
      if (returned !== undefined) throw new Error('a hook returned something else')
    }
    const { subject, tokenType } = getAuth(request)
    response.end(JSON.stringify({ subject, tokenType }))
  } catch (error) {
    response.writeHead(500).end((error as { code?: string }).code)
  }
}

describeAdapter('Fastify', async (authenticator) => {
  const hooks: FastifyHook[] = []
  const decorations: string[] = []
  await mintmarkPlugin({ authenticator })({
    decorateRequest: (name) => decorations.push(name),
    addHook: (_, hook) => hooks.push(hook),
  })
  expect(decorations).toContain('auth')
  const routes: Readonly<Record<string, readonly FastifyHook[]>> = {
    '/open': [],
    '/machines': [requireAuth({ acceptsToken: 'm2m_token' })],
    '/nobody': [requireAuth({ acceptsToken: 'm2m_token', permits: () => false })],
  }
  return serveWith((raw, response) => void run([...hooks, ...routes[raw.url!]!], raw, response))
})

describe('the plugin for Fastify', () => {
  // Else its hook would guard nothing outside of itself.
  it('applies to the instance that it is registered with', () => {
    const plugin = mintmarkPlugin({ authenticator: breakableAuthenticator().authenticator })
    expect(Object.getOwnPropertySymbols(plugin)).toEqual([Symbol.for('skip-override')])
  })
})

describe('requireAuth of Fastify', () => {
  it('needs no plugin if it has an authenticator', async () => {
    const { authenticator } = breakableAuthenticator()
    const hook = requireAuth({ authenticator, acceptsToken: 'm2m_token' })
    const { get } = await serveWith((...io) => void run([hook], ...io))
    expect((await get('/open', bearer(m2mToken()))).status).toBe(200)
  })

  it('serves nobody if it has neither', async () => {
    const { get } = await serveWith((...io) => void run([requireAuth({ acceptsToken: 'any' })], ...io))
    const response = await get('/open', bearer(m2mToken()))
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('invalid_request')
  })
})
