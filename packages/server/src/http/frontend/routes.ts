/** What a page may ask of the Frontend API, method by method and path by path. */
import { randomUUID } from 'node:crypto'
import type { Authority } from '../../authority.ts'
import { AuthorityError } from '../../core/errors.ts'
import { ID_PATTERNS, type SessionId } from '../../core/ids.ts'
import type { Told, Visit } from '../../frontend/frontend.ts'
import type { HttpRequest } from '../exchange.ts'
import type { BotProtection } from './bot-protection.ts'
import { readForm, type Fields } from './form.ts'
import type { Page } from './page.ts'

/** A request that is about a browser, read. */
export interface Ask {
  readonly request: HttpRequest
  readonly query: Fields
  readonly visit: Visit
}

export interface FrontendRoute {
  readonly operation: string
  readonly method: string
  readonly path: RegExp
  serve(ask: Ask, id: SessionId): Promise<Told>
}

type Serve = FrontendRoute['serve']

const SESSION = ID_PATTERNS.session.source.slice(1, -1)
const ofSession = (rest: string) => new RegExp(`^/v1/client/sessions/(${SESSION})/${rest}$`)

export function frontendRoutes(
  { frontend }: Authority,
  { protect, page }: { readonly protect: BotProtection; readonly page: Page },
): readonly FrontendRoute[] {
  const environment: Serve = async ({ visit: { instance, browser } }) => ({
    body: page.environmentOf(instance),
    browser,
  })
  return [
    at('frontend.environment', 'GET', /^\/v1\/environment$/, environment),
    at('frontend.environment', 'PATCH', /^\/v1\/environment$/, environment),
    at('frontend.devBrowser', 'POST', /^\/v1\/dev_browser$/, devBrowser),
    at('frontend.client', 'GET', /^\/v1\/client$/, ({ visit }) => frontend.client(visit)),
    at('frontend.signIn', 'POST', /^\/v1\/client\/sign_ins$/, signInBehind(protect, frontend)),
    at('frontend.touchSession', 'POST', ofSession('touch'), ({ visit }, id) => frontend.touch(visit, id)),
    at('frontend.sessionToken', 'POST', ofSession('tokens'), ({ visit }, id) => frontend.token(visit, id)),
    at('frontend.endSession', 'POST', ofSession('(?:end|remove)'), ({ visit }, id) =>
      frontend.end(visit, id),
    ),
    at('frontend.endSessions', 'DELETE', /^\/v1\/client\/sessions$/, ({ visit }) => frontend.endAll(visit)),
  ]
}

const at = (operation: string, method: string, path: RegExp, serve: Serve): FrontendRoute => ({
  operation,
  method,
  path,
  serve,
})

/** What clerk-js asks of hosts for development that it knows by name; there is nothing to be kept for it. */
const devBrowser: Serve = async ({ visit: { browser } }) => ({ body: { id: `dvb_${randomUUID()}` }, browser })

const signInBehind =
  (protect: BotProtection, frontend: Authority['frontend']): Serve =>
  async ({ request, query, visit }) => {
    const fields = await readForm(request)
    const ticket = ticketIn(fields)
    await protect({
      instanceId: visit.instance.id,
      address: request.address,
      testingToken: query.__clerk_testing_token,
      challengeAnswer: fields.captcha_token,
    })
    return frontend.signIn(visit, ticket)
  }

/** Passwords, codes and the like belong to the application; here, people come with a ticket. */
function ticketIn({ strategy, ticket }: Fields): string {
  if (strategy !== 'ticket') {
    throw new AuthorityError(strategy === undefined ? 'form_param_missing' : 'form_param_value_invalid', {
      longMessage: 'strategy must be ticket.',
      meta: { param_name: 'strategy' },
    })
  }
  if (ticket === undefined) {
    throw new AuthorityError('form_param_missing', {
      longMessage: 'ticket must be included.',
      meta: { param_name: 'ticket' },
    })
  }
  return ticket
}
