/**
 * Verifies JWTs at the edge, in a worker: with the public keys alone, without a call for each request. The
 * module is what Cloudflare's and other workers take; `issuer` and `jwks` come from its environment.
 */
import { createVerifier, type Verifier } from '@mintmark/sdk/verify.js'

interface Environment {
  readonly MINTMARK_ISSUER: string
  readonly MINTMARK_JWKS_URL: string
  /** The machine that this worker is: tokens for other machines are not for it. */
  readonly MINTMARK_MACHINE_ID: string
}

// One for the life of the worker, because keys and verified tokens are remembered in it.
let verifier: Verifier | undefined

// oxlint-disable-next-line import/no-default-export -- what workers take
export default {
  async fetch(request: Request, environment: Environment): Promise<Response> {
    verifier ??= createVerifier({
      issuer: environment.MINTMARK_ISSUER,
      jwks: environment.MINTMARK_JWKS_URL,
      audience: environment.MINTMARK_MACHINE_ID,
    })
    const token = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
    if (token === undefined) return refuse('Bearer')
    try {
      const verdict = await verifier.verify(token, { kinds: ['m2m_token'] })
      if (!verdict.active) return refuse('Bearer error="invalid_token"')
      return Response.json({ hello: verdict.subject })
    } catch {
      return new Response(null, { status: 503, headers: { 'Retry-After': '1' } })
    }
  },
}

const refuse = (challenge: string): Response =>
  new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
