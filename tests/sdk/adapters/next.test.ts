/** On the contract that Next.js documents: functions from a request to a response. */
import { authenticateRequest } from '@mintmark/sdk'
import { mintmarkMiddleware, withAuth } from '@mintmark/sdk/next'
import { describe, expect, it } from 'vitest'
import { m2mToken } from '../../support/signed-jwt.ts'
import { bearer, breakableAuthenticator, describeAdapter } from './support.ts'

const requestWith = (headers: readonly string[]): Request => {
  const all = new Headers()
  for (let at = 0; at < headers.length; at += 2) all.append(headers[at]!, headers[at + 1]!)
  return new Request('https://app.example.com/api', { headers: all })
}

describeAdapter('Next.js', (authenticator) => {
  const whoIs = (
    _: Request,
    { auth: { subject, tokenType } }: { auth: { subject: string; tokenType: string } },
  ) => Response.json({ subject, tokenType })
  const machines = withAuth(whoIs, { authenticator, acceptsToken: 'm2m_token' })
  const nobody = withAuth(whoIs, { authenticator, acceptsToken: 'm2m_token', permits: () => false })
  // A page asks for itself; Next.js has no place where one middleware could leave it an object.
  const open = async (request: Request): Promise<Response> => {
    const answer = await mintmarkMiddleware({ authenticator, acceptsToken: 'any' })(request)
    if (answer && answer.status !== 401) return answer
    const { subject, tokenType } = (
      await authenticateRequest(request, { authenticator, acceptsToken: 'any' })
    ).toAuth()
    return Response.json({ subject, tokenType })
  }
  const routes = { '/open': open, '/machines': machines, '/nobody': nobody }
  return { get: (path, headers) => routes[path](requestWith(headers), {}) }
})

describe('the functions for Next.js', () => {
  const { authenticator } = breakableAuthenticator()

  it('leave a handler what the framework passes it', async () => {
    const handler = withAuth(
      (_, { auth, params }: { auth: { machineId: string }; params: { id: string } }) =>
        Response.json([auth.machineId, params.id]),
      { authenticator, acceptsToken: 'm2m_token' },
    )
    const response = await handler(requestWith(bearer(m2mToken())), { params: { id: 'job_1' } })
    expect(await response.json()).toEqual([expect.stringMatching(/^mch_/), 'job_1'])
  })

  it('let a request go on by answering nothing, as a middleware must', async () => {
    const middleware = mintmarkMiddleware({ authenticator, acceptsToken: 'm2m_token' })
    expect(await middleware(requestWith(bearer(m2mToken())))).toBeUndefined()
    expect((await middleware(requestWith([])))?.status).toBe(401)
  })
})
