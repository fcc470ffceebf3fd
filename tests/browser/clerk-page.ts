/** What tests do on a page with clerk-js, and what they see there. `@clerk/testing` declares `window.Clerk`. */
import type { Page } from 'playwright-core'
import type { Api } from './world.ts'

/** How a page took it. */
export interface Outcome {
  readonly sessionId: string | null
  /** The refusal as clerk-js shows it to the application. */
  readonly error: { readonly status: number; readonly code: string } | null
}

/** The application's page, when it knows who is signed in. */
export async function openApplication(page: Page, origin: string): Promise<void> {
  await page.goto(origin)
  await page.waitForSelector('body:not([data-state="loading"])')
}

export const untilState = (page: Page, state: string) => page.waitForSelector(`body[data-state="${state}"]`)

/** What an application does with a ticket, by the book. */
export const redeem = (page: Page, ticket: string): Promise<Outcome> =>
  page.evaluate(async (ticket) => {
    try {
      const { createdSessionId } = await window.Clerk.client!.signIn.create({ strategy: 'ticket', ticket })
      await window.Clerk.setActive({ session: createdSessionId })
      return { sessionId: createdSessionId, error: null }
    } catch (error) {
      const { status, errors } = error as { status: number; errors: { code: string }[] }
      return { sessionId: null, error: { status, code: errors[0]!.code } }
    }
  }, ticket)

/** A token that was asked for now, and not one that clerk-js has kept; the code of the refusal if there is none. */
export const freshToken = (page: Page): Promise<{ token: string | null; refusal: string | null }> =>
  page.evaluate(async () => {
    try {
      return { token: (await window.Clerk.session?.getToken({ skipCache: true })) ?? null, refusal: null }
    } catch (error) {
      const { errors } = error as { errors?: { code: string }[] }
      return { token: null, refusal: errors?.[0]?.code ?? String(error) }
    }
  })

/** What the application's server makes of a token that its page sends along; of its cookies, if there is none. */
export const whoAsks = (page: Page, token: string | null) =>
  page.evaluate(async (token) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch('/whoami', { headers })
    return (await response.json()) as {
      readonly status: string
      readonly userId?: string | null
      readonly sessionId?: string | null
      readonly actor?: Readonly<Record<string, unknown>> | null
    }
  }, token)

/** The payload of a JWT, unverified. */
export const payloadOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())

export interface Ticket {
  readonly id: string
  readonly token: string
  readonly url: string
}

export async function createUser(api: Api, lastName = 'Lovelace'): Promise<string> {
  const { body } = await api('POST', '/v1/users', { first_name: 'Ada', last_name: lastName })
  return body.id
}

export const ACTOR = { sub: 'support:grace' }

export async function actorTicket(api: Api, userId: string, more: object = {}): Promise<Ticket> {
  return (await api('POST', '/v1/actor_tokens', { user_id: userId, actor: ACTOR, ...more })).body
}

export async function signInTicket(api: Api, userId: string, more: object = {}): Promise<Ticket> {
  return (await api('POST', '/v1/sign_in_tokens', { user_id: userId, ...more })).body
}
