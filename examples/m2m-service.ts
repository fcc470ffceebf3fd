/**
 * A service that other services call. It accepts M2M tokens of both formats: JWTs are verified here, opaque
 * ones at the authority. Start it with the environment that `mintmark env` prints:
 *
 *   npx node --env-file=.env examples/m2m-service.ts
 */
import { createServer } from 'node:http'
import { createAuthenticator, Mintmark } from '@mintmark/sdk'

const authority = process.env['CLERK_API_URL'] ?? 'http://127.0.0.1:4100'

// Made once: public keys and verdicts are remembered in it.
const authenticator = createAuthenticator({
  client: new Mintmark({
    serverURL: authority,
    machineSecretKey: process.env['MINTMARK_API_MACHINE_SECRET_KEY'],
  }),
  // An instance with a frontend origin signs by that name, and else by the server's public URL.
  issuer: process.env['MINTMARK_ISSUER'] ?? authority,
  jwks: `${authority}/.well-known/jwks.json`,
  // Who this service is: a JWT that was made for other machines is not for us. Of opaque tokens the authority
  // knows the same by the key that asks.
  audience: process.env['MINTMARK_API_MACHINE_ID'],
})

const server = createServer((incoming, outgoing) => {
  void answer(
    new Request(`http://service${incoming.url ?? '/'}`, {
      headers: { authorization: incoming.headers.authorization ?? '' },
    }),
  ).then(async (response) => {
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(await response.text())
  })
})

async function answer(request: Request): Promise<Response> {
  try {
    const state = await authenticator.authenticate(request, { acceptsToken: 'm2m_token' })
    if (!state.isAuthenticated) {
      // For you and not for the caller. It never holds the token.
      console.error(`refused: ${state.reason}`)
      return new Response(null, { status: state.status, headers: state.headers })
    }
    return Response.json({ hello: state.toAuth().machineId })
  } catch {
    // Nobody can tell whether the token is good: that is neither yes nor no.
    return new Response(null, { status: 503, headers: { 'Retry-After': '1' } })
  }
}

server.listen(Number(process.env['PORT'] ?? 4300), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}`)
})
