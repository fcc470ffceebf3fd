/** On the contract that Express documents: handlers in turn, each ends the response or calls `next`. */
import {
  getAuth,
  mintmarkMiddleware,
  requireAuth,
  toWebRequest,
  type ExpressMiddleware,
} from '@mintmark/sdk/express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { m2mToken } from '../../support/signed-jwt.ts'
import { serveWith } from './node-server.ts'
import { bearer, breakableAuthenticator, describeAdapter } from './support.ts'

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown

/** As Express 4: what a handler returns is not looked at. */
function run(handlers: readonly Handler[], request: IncomingMessage, response: ServerResponse): void {
  const [first, ...rest] = handlers
  if (!first) throw new Error('no handler answered')
  first(request, response, (error) => {
    if (error === undefined) return run(rest, request, response)
    response.writeHead(500).end((error as { code: string }).code)
  })
}

const whoIs: Handler = (request, response) => {
  const { subject, tokenType } = getAuth(request)
  response.end(JSON.stringify({ subject, tokenType }))
}

describeAdapter('Express', (authenticator) => {
  const middleware = mintmarkMiddleware({ authenticator })
  const routes: Readonly<Record<string, readonly ExpressMiddleware[]>> = {
    '/open': [],
    '/machines': [requireAuth({ acceptsToken: 'm2m_token' })],
    '/nobody': [requireAuth({ acceptsToken: 'm2m_token', permits: () => false })],
  }
  return serveWith((request, response) =>
    run([middleware, ...routes[request.url!]!, whoIs], request, response),
  )
})

describe('requireAuth of Express', () => {
  it('needs no middleware if it has an authenticator, and sets req.auth', async () => {
    const { authenticator } = breakableAuthenticator()
    const guard = requireAuth({ authenticator, acceptsToken: 'm2m_token' })
    const reveal: Handler = (request, response) =>
      response.end((request as unknown as { auth: { machineId: string } }).auth.machineId)
    const { get } = await serveWith((request, response) => run([guard, reveal], request, response))
    expect(await (await get('/open', bearer(m2mToken()))).text()).toMatch(/^mch_/)
  })

  it('hands an error to next if it has neither', async () => {
    const { get } = await serveWith((...io) => run([requireAuth({ acceptsToken: 'any' }), whoIs], ...io))
    const response = await get('/open', bearer(m2mToken()))
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('invalid_request')
  })
})

describe('a request of node:http', () => {
  it('keeps its repeated headers and the whole of its address', () => {
    const read = toWebRequest({
      method: 'POST',
      url: '/b?c=d',
      originalUrl: '/a/b?c=d',
      headers: { authorization: 'Bearer first' },
      rawHeaders: [':path', '/b', 'Authorization', 'Bearer first', 'authorization', 'Bearer second'],
    })
    expect(read).toMatchObject({ method: 'POST', url: '/a/b?c=d' })
    expect(read.headers.get('authorization')).toBe('Bearer first, Bearer second')
  })

  it('is read from its parsed headers where there are no others', () => {
    const { headers } = toWebRequest({
      headers: { authorization: 'Bearer a', 'x-list': ['1', '2'], none: undefined },
    })
    expect(Object.fromEntries(headers)).toEqual({ authorization: 'Bearer a', 'x-list': '1, 2' })
  })
})
