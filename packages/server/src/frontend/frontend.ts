/**
 * What a browser may ask of the authority: to redeem a ticket, to have a token for its session, to sign out. The
 * shapes are those of Clerk's Frontend API (wire reference, "Frontend API"); HTTP is `http/frontend/`.
 */
import type { BrowserCaller, Call } from '../core/caller.ts'
import { AuthorityError } from '../core/errors.ts'
import type { InstanceId, SessionId } from '../core/ids.ts'
import type { SecretReader } from '../core/secrets/secrets.ts'
import type { Millis } from '../core/time.ts'
import type { Verdict } from '../core/verdict.ts'
import {
  BROWSER_SECRET_PREFIX,
  browserSecretOf,
  REFRESH_SECRET_PREFIX,
  type Browser,
} from '../directory/browsers/browser.ts'
import type { BrowserReader } from '../directory/browsers/store.ts'
import { signInPageOf, type Instance } from '../directory/instances/instance.ts'
import type { InstanceReader } from '../directory/instances/store.ts'
import { newBrowser, type Asking } from '../directory/sessions/begin.ts'
import { endSessions, type EndSessionDeps } from '../directory/sessions/end.ts'
import { redeem, type RedeemDeps } from '../directory/sessions/redeem.ts'
import { stateOf, type Session } from '../directory/sessions/session.ts'
import type { SessionReader } from '../directory/sessions/store.ts'
import {
  issueSessionToken,
  noteActivity,
  noteLook,
  SESSION_TOKEN_LIFETIME,
  signSessionToken,
  type IssueSessionTokenDeps,
} from '../directory/sessions/token.ts'
import type { UserReader } from '../directory/users/store.ts'
import { claimedSource, readTicket } from '../signing/ticket.ts'
import { actorTokenRedemption } from '../tokens/actor-tokens/redeem.ts'
import type { ActorTokenStore } from '../tokens/actor-tokens/store.ts'
import { signInTokenRedemption } from '../tokens/sign-in-tokens/redeem.ts'
import type { SignInTokenStore } from '../tokens/sign-in-tokens/store.ts'
import type { TestingToken } from '../tokens/testing-tokens/testing-token.ts'
import { verifyTestingToken, type VerifyTestingTokenDeps } from '../tokens/testing-tokens/verify.ts'
import { toClientResource, toFrontendSession, toSignIn } from './wire.ts'

type RedeemingDeps = RedeemDeps<{
  readonly actorTokens: ActorTokenStore
  readonly signInTokens: SignInTokenStore
}>

export type FrontendDeps = RedeemingDeps &
  EndSessionDeps &
  IssueSessionTokenDeps &
  VerifyTestingTokenDeps & {
    readonly readSecret: SecretReader
    readonly read: {
      readonly browsers: BrowserReader
      readonly sessions: SessionReader
      readonly users: UserReader
      readonly instances: InstanceReader
    }
  }

/** A request of a browser, once it is known which one it is and that its page may ask. */
export interface Visit {
  readonly call: Call<BrowserCaller>
  readonly instance: Instance
  /** `null` for one without a cookie, or with one that is not known any more. */
  readonly browser: Browser | null
  /** Of the page that asks: goes into the tokens it gets. */
  readonly origin: string
}

/** What a browser is told, and with it, what its cookies are to say. */
export interface Told {
  readonly body: unknown
  readonly browser: Browser | null
  /** When the newest session that is still good began; `null` if there is none. `undefined`: as before. */
  readonly signedInSince?: Millis | null
}

export function createFrontend(deps: FrontendDeps) {
  const { read, clock, ring } = deps

  async function goodSessionsOf(browser: Browser, now: Millis): Promise<readonly Session[]> {
    const open = await read.sessions.openIn(browser.instanceId, browser.id)
    return open.filter((session) => stateOf(session, now) === 'active')
  }

  /** The session of that id, if it is one of this browser's. @throws {AuthorityError} `signed_out` */
  async function ownSession({ instance, browser }: Visit, id: SessionId): Promise<Session> {
    const session = browser === null ? null : await read.sessions.find(instance.id, id)
    if (session === null || session.browserId !== browser!.id) throw new AuthorityError('signed_out')
    return session
  }

  /** @param isNoted whether the audit log has that this was asked for: no token of an impersonation is told without */
  async function withUser(visit: Visit, session: Session, now: Millis, isNoted: boolean) {
    const user = await read.users.find(session.instanceId, session.userId)
    const options = { lifetime: SESSION_TOKEN_LIFETIME, authorizedParty: visit.origin }
    const mayHave = session.actor === null || isNoted
    const jwt = mayHave ? await signSessionToken(deps, session, now, options) : null
    return toFrontendSession({ session, user, jwt, now })
  }

  async function clientOf(visit: Visit, browser: Browser | null, noted?: Session): Promise<Told> {
    if (browser === null) return { body: null, browser }
    const now = clock.now()
    const good = await goodSessionsOf(browser, now)
    const sessions = await Promise.all(
      good.map((session) => withUser(visit, session, now, session.id === noted?.id)),
    )
    return {
      body: toClientResource(browser, sessions),
      browser,
      signedInSince: good.at(-1)?.createdAt ?? null,
    }
  }

  /** The impersonation at that browser, if there is one, once the audit log has that a token of it is told. */
  async function noteActing({ browser, call }: Visit): Promise<Session | undefined> {
    const now = clock.now()
    const good = browser === null ? [] : await goodSessionsOf(browser, now)
    const acting = good.find(({ actor }) => actor !== null)
    if (acting !== undefined) await noteLook(deps, call, acting, now)
    return acting
  }

  async function mutated(
    visit: Visit,
    browser: Browser | null,
    response: unknown,
    noted?: Session,
  ): Promise<Told> {
    const client = await clientOf(visit, browser, noted)
    return { ...client, body: { response, client: client.body } }
  }

  return {
    /** The browser that a cookie is of. `null` for a cookie that is none of this instance's. */
    async recognize(instanceId: InstanceId, cookie: string | null): Promise<Browser | null> {
      const secret = cookie === null ? null : deps.readSecret(BROWSER_SECRET_PREFIX, instanceId, cookie)
      if (secret === null) return null
      const browser = await read.browsers.find(instanceId, secret.id)
      return browser !== null && browser.macKeyId === secret.macKeyId ? browser : null
    },

    secretsOf: (browser: Browser) => ({
      cookie: browserSecretOf(ring, browser, BROWSER_SECRET_PREFIX),
      refresh: browserSecretOf(ring, browser, REFRESH_SECRET_PREFIX),
    }),

    /**
     * A page was loaded. If it is told no token, clerk-js takes the one away that the application's server has; so that
     * of an impersonation is told here too, with its event.
     */
    async client(visit: Visit): Promise<Told> {
      const told = await clientOf(visit, visit.browser, await noteActing(visit))
      return { ...told, body: { response: told.body, client: null } }
    },

    /** @throws {AuthorityError} as `redeem` does */
    async signIn(visit: Visit, ticket: string): Promise<Told> {
      const { call, browser } = visit
      const asking: Asking = { browser: newBrowser(deps, call, clock.now()), previous: browser }
      const session =
        claimedSource(ticket) === 'actor_token'
          ? await redeem(deps, actorTokenRedemption, call, asking, ticket)
          : await redeem(deps, signInTokenRedemption, call, asking, ticket)
      const user = await read.users.find(session.instanceId, session.userId)
      return mutated(visit, asking.browser, toSignIn(session, user), session)
    },

    /** The page is in use. @throws {AuthorityError} `signed_out` */
    async touch(visit: Visit, id: SessionId): Promise<Told> {
      const session = await ownSession(visit, id)
      const now = clock.now()
      if (stateOf(session, now) !== 'active') throw new AuthorityError('signed_out')
      await noteActivity(deps, visit.call, session, now, 'signed_out')
      return mutated(visit, visit.browser, await withUser(visit, session, now, true), session)
    },

    /** @throws {AuthorityError} `signed_out` */
    async token(visit: Visit, id: SessionId): Promise<Told> {
      const session = await ownSession(visit, id)
      const jwt = await issueSessionToken(deps, visit.call, session, {
        lifetime: SESSION_TOKEN_LIFETIME,
        authorizedParty: visit.origin,
        refusal: 'signed_out',
      })
      return { body: { object: 'token', jwt }, browser: visit.browser, signedInSince: session.createdAt }
    },

    /** Signs out of one session, of this browser's. @throws {AuthorityError} `signed_out` */
    async end(visit: Visit, id: SessionId): Promise<Told> {
      const session = await ownSession(visit, id)
      await endSessions(deps, visit.call, [id])
      const now = clock.now()
      const user = await read.users.find(session.instanceId, session.userId)
      const ended = (await read.sessions.find(session.instanceId, id)) ?? session
      return mutated(visit, visit.browser, toFrontendSession({ session: ended, user, jwt: null, now }))
    },

    /** Signs out of all sessions. */
    async endAll(visit: Visit): Promise<Told> {
      const { browser, call } = visit
      if (browser !== null) {
        const open = await read.sessions.openIn(browser.instanceId, browser.id)
        await endSessions(
          deps,
          call,
          open.map(({ id }) => id),
        )
      }
      const client = await clientOf(visit, browser)
      return { ...client, body: { response: client.body, client: null } }
    },

    /** A JWT for the newest session, for an application's server that has none that is good; `null` if signed out. */
    async freshToken(visit: Visit): Promise<{ readonly jwt: string; readonly since: Millis } | null> {
      const now = clock.now()
      const session = visit.browser === null ? undefined : (await goodSessionsOf(visit.browser, now)).at(-1)
      if (session === undefined) return null
      const options = {
        lifetime: SESSION_TOKEN_LIFETIME,
        authorizedParty: visit.origin,
        refusal: 'signed_out',
      } as const
      return { jwt: await issueSessionToken(deps, visit.call, session, options), since: session.createdAt }
    },

    /**
     * The page that redeems a ticket. Nothing is used up by this: whoever previews a link asks for it too.
     *
     * @throws {AuthorityError} `ticket_invalid_code`
     */
    async acceptTicket(instance: Instance, ticket: string): Promise<string> {
      const source = claimedSource(ticket)
      const read = source === null ? null : await readTicket(deps.keys, instance.id, source, ticket)
      if (read === null || !read.active) throw new AuthorityError('ticket_invalid_code')
      return signInPageOf(instance, deps.frontendOriginOf, ticket)
    },

    verifyTestingToken: (instanceId: InstanceId, presented: string): Promise<Verdict<TestingToken>> =>
      verifyTestingToken(deps, instanceId, presented),
  }
}
