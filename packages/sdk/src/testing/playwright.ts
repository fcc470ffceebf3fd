/**
 * Lets the browsers of Playwright past bot protection. A testing token is added to what they send to the
 * origins that are named, and to nothing else. Nothing of Playwright is imported.
 */
import { TESTING_TOKEN } from '../authenticate/testing-token.ts'
import { InvalidRequestError } from '../core/errors.ts'
import { isFrontendApiPath, readOrigins, withToken } from './origins.ts'
import { createTestingTokenSource, type TestingTokenInHand, type TokenOrClient } from './token-source.ts'

/** The part of a browser context that is used. */
export interface PlaywrightContext {
  route(url: (url: URL) => boolean, handler: (route: PlaywrightRoute) => Promise<void>): Promise<unknown>
  addCookies(cookies: readonly PlaywrightCookie[]): Promise<unknown>
}

/** The part of a route that is used. */
export interface PlaywrightRoute {
  request(): { url(): string; headers(): Record<string, string>; isNavigationRequest(): boolean }
  fallback(options?: { url?: string }): Promise<void>
}

/** A cookie as Playwright takes it. */
export interface PlaywrightCookie {
  readonly name: string
  readonly value: string
  readonly url: string
  readonly httpOnly: boolean
  readonly sameSite: 'Lax'
  readonly expires?: number
}

/** One instance, and where its tokens go. */
export type TestingTarget = TokenOrClient & {
  /**
   * The instance's Frontend API, also at several addresses: `https://clerk.example.com`,
   * `http://127.0.0.1:4100`, or the bare host of a publishable key. What is below `/v1/` gets the token.
   */
  readonly frontendApis?: readonly string[] | undefined
  /** The application itself, if it looks for testing tokens (see `testingToken`). */
  readonly app?: readonly string[] | undefined
}

/**
 * Adds testing tokens to what a browser context sends. With a `client` there is always a good one, however
 * long the suite takes.
 *
 * To a Frontend API it goes in the query, where Clerk's clients put it. To the application it goes in a cookie
 * that pages cannot read, and in the query of requests that pages of another origin make, which carry no
 * cookie. Not in a header: Playwright would repeat it after a redirect, to whatever origin that leads.
 *
 * Browsers do not keep the cookies of two ports apart. Two applications on one host share their cookie, and so
 * cannot have tokens of different instances: give them hosts such as `a.localhost` and `b.localhost`.
 *
 * @throws {InvalidRequestError} if the origins are none, or claimed by two instances
 * @throws {CallError} if a token could not be made
 *
 * @example
 * ```ts
 * import { Mintmark } from '@mintmark/sdk'
 * import { attachTestingToken, type PlaywrightContext } from '@mintmark/sdk/playwright'
 *
 * const client = new Mintmark({ secretKey: process.env['MINTMARK_SECRET_KEY'] })
 *
 * export async function prepare(context: PlaywrightContext): Promise<void> {
 *   await attachTestingToken(context, {
 *     client,
 *     frontendApis: ['https://clerk.example.com'],
 *     app: ['http://127.0.0.1:3000'],
 *   })
 * }
 * ```
 */
export async function attachTestingToken(
  context: PlaywrightContext,
  targets: TestingTarget | readonly TestingTarget[],
): Promise<void> {
  await attach(context, readTargets(targets))
}

/**
 * Makes a fixture in place of Playwright's own `context`: each one has its tokens before its first request.
 * The contexts of one worker share them.
 *
 * @throws {InvalidRequestError} if the origins are none, or claimed by two instances
 *
 * @example
 * ```ts
 * import { Mintmark } from '@mintmark/sdk'
 * import { testingTokenFixture } from '@mintmark/sdk/playwright'
 *
 * // export const test = base.extend({ context: testingTokens })
 * export const testingTokens = testingTokenFixture({
 *   client: new Mintmark({ secretKey: process.env['MINTMARK_SECRET_KEY'] }),
 *   frontendApis: ['https://clerk.example.com'],
 * })
 * ```
 */
export function testingTokenFixture(targets: TestingTarget | readonly TestingTarget[]) {
  const read = readTargets(targets)
  // Playwright reads from the text of this function which fixtures it needs: the pattern must stay.
  return async <Context extends PlaywrightContext>(
    { context }: { context: Context },
    use: (context: Context) => Promise<void>,
  ): Promise<void> => {
    await attach(context, read)
    await use(context)
  }
}

interface Target {
  readonly frontendApis: readonly string[]
  readonly app: readonly string[]
  current(): Promise<TestingTokenInHand>
}

function readTargets(given: TestingTarget | readonly TestingTarget[]): readonly Target[] {
  const targets = [given].flat().map(({ frontendApis, app, ...from }) => ({
    frontendApis: readOrigins(frontendApis),
    app: readOrigins(app),
    current: createTestingTokenSource(from),
  }))
  if (targets.some(({ frontendApis, app }) => frontendApis.length + app.length === 0)) {
    throw new InvalidRequestError('invalid_request', 'An instance has neither frontendApis nor app')
  }
  checkClaims(targets.map(({ frontendApis }) => new Set(frontendApis)))
  checkClaims(targets.map(({ app }) => new Set(app)))
  checkClaims(targets.map(({ app }) => new Set(app.map((origin) => new URL(origin).hostname))))
  return targets
}

/** Two tokens at one place would be none: whoever reads them cannot know which is meant. */
function checkClaims(claims: readonly ReadonlySet<string>[]): void {
  const all = claims.flatMap((each) => [...each])
  const twice = all.find((each, at) => all.indexOf(each) !== at)
  if (twice !== undefined) throw new InvalidRequestError('invalid_request', `Two instances claim ${twice}`)
}

async function attach(context: PlaywrightContext, targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    const { frontendApis, app } = target
    if (app.length > 0) await attachToApp(context, target)
    if (frontendApis.length === 0) continue
    // After the application's, and so asked first: both may be at one origin.
    await context.route(
      (url) => frontendApis.includes(url.origin) && isFrontendApiPath(url),
      async (route) => {
        const { token } = await target.current()
        await route.fallback({ url: withToken(route.request().url(), token) })
      },
    )
  }
}

async function attachToApp(context: PlaywrightContext, { app, current }: Target): Promise<void> {
  let sent = await current()
  await context.addCookies(cookiesFor(app, sent))
  await context.route(
    (url) => app.includes(url.origin),
    async (route) => {
      const held = await current()
      if (held !== sent) await context.addCookies(cookiesFor(app, (sent = held)))
      await route.fallback(
        isOfOtherOrigin(route) ? { url: withToken(route.request().url(), held.token) } : {},
      )
    },
  )
}

/** Such a request names where it comes from, and has no cookie if the page did not ask for it. */
function isOfOtherOrigin(route: PlaywrightRoute): boolean {
  const request = route.request()
  const { origin } = request.headers()
  return origin !== undefined && !request.isNavigationRequest() && origin !== new URL(request.url()).origin
}

const cookiesFor = (app: readonly string[], { token, expiresAt }: TestingTokenInHand) =>
  app.map((origin): PlaywrightCookie => ({
    name: TESTING_TOKEN,
    value: token,
    url: origin,
    httpOnly: true,
    sameSite: 'Lax',
    ...(expiresAt !== null && { expires: expiresAt }),
  }))
