/** A person at a browser of an authority in this process, who has redeemed a ticket there. */
import type { SessionId } from '../../packages/server/src/core/ids.ts'
import type { Visit } from '../../packages/server/src/frontend/frontend.ts'
import type { TestAuthority } from '../support/authority.ts'

export interface SignedIn {
  readonly sessionId: string
  /** What an application's server gets in a cookie to have a token renewed. */
  readonly refreshToken: string
  /** Another JWT of the session. */
  token(): Promise<string>
}

/** @param origin of the page where it is redeemed */
export async function redeemTicket(
  { authority, first }: TestAuthority,
  ticket: string,
  origin: string,
): Promise<SignedIn> {
  const { frontend } = authority
  const visit: Visit = {
    call: {
      caller: { kind: 'browser', instanceId: first.instance.id, browserId: null },
      address: null,
      traceId: 'test',
    },
    instance: first.instance,
    browser: null,
    origin,
  }
  const { body, browser } = await frontend.signIn(visit, ticket)
  const { response } = body as { response: { created_session_id: string } }
  const sessionId = response.created_session_id
  return {
    sessionId,
    refreshToken: frontend.secretsOf(browser!).refresh,
    async token() {
      const told = await frontend.token({ ...visit, browser }, sessionId as SessionId)
      return (told.body as { jwt: string }).jwt
    },
  }
}
