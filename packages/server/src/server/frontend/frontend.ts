/** The frontend's own listener, and what answers there. */
import type { Server } from 'node:http'
import type { Authority } from '../../authority.ts'
import { createListener } from '../../http/adapters/node-listener.ts'
import { createAssets } from '../../http/frontend/assets.ts'
import { createBotProtection } from '../../http/frontend/bot-protection.ts'
import { createFrontendHandler } from '../../http/frontend/handler.ts'
import { createPage } from '../../http/frontend/page.ts'
import type { Handler } from '../../http/handler.ts'
import type { PublishedKeys } from '../../http/public-routes.ts'
import type { RequestObserver } from '../../http/request-event.ts'
import { createAddressOf } from '../client-address.ts'
import { ConfigError } from '../config.ts'
import { trackRequests } from '../drain.ts'
import { closeListener, listen } from '../listen.ts'
import type { Config } from '../settings.ts'
import { DEV_HOST, devCertificate, isForDevelopment, readCertificate } from './certificate.ts'
import { readClerkJs, readPage } from './files.ts'

export interface FrontendListener {
  readonly listener: Server
  readonly requests: ReturnType<typeof trackRequests>
  /** Where browsers find it, if that is known: else instances have an origin of their own. With port 0 only once started. */
  url(): string | null
  answerWith(handler: Handler): void
  /** Takes the port. @throws {ConfigError} if it cannot */
  start(opened: AsyncDisposableStack): Promise<void>
}

/**
 * Makes the listener; until it is told who answers, it refuses.
 *
 * @param forDevelopment with a certificate of its own making, unless the operator has one
 * @returns `null` if nobody asked for it
 * @throws {ConfigError} if it cannot be opened with these settings
 */
export async function createFrontendListener(
  config: Config,
  forDevelopment: boolean,
): Promise<FrontendListener | null> {
  const { frontendHost, frontendPort, frontendUrl, trustedProxies } = config
  if (frontendPort === null) {
    requireNothingElse(config)
    return null
  }
  requireWholeChallenge(config)
  const given = readCertificate(config)
  const isSelfMade =
    given === null && forDevelopment && (frontendUrl === null || isForDevelopment(frontendUrl))
  const tls = isSelfMade ? await devCertificate(config.data, Date.now()) : given
  let answering: Handler = () => Promise.reject(new Error('not composed yet'))
  const listener = createListener((request) => answering(request), {
    addressOf: createAddressOf(trustedProxies),
    ...(tls !== null && { tls }),
  })
  let port = String(frontendPort)
  return {
    listener,
    requests: trackRequests(listener),
    url: () => frontendUrl ?? (isSelfMade ? `https://${DEV_HOST}:${port}` : null),
    answerWith: (handler) => (answering = handler),
    async start(opened) {
      port = new URL(await listen(listener, frontendHost, frontendPort, '--frontend-port')).port
      opened.defer(() => closeListener(listener))
    },
  }
}

/** @returns what answers on the frontend's origin */
export function frontendHandler(
  authority: Authority,
  config: Config,
  { publishedKeys, observe }: { readonly publishedKeys: PublishedKeys; readonly observe: RequestObserver },
): Handler {
  const { challengeVerifyUrl, challengeSecret, challengeSiteKey, challengeScript, signInLimit } = config
  const challenge =
    challengeVerifyUrl === null ? null : { verifyUrl: challengeVerifyUrl, secret: challengeSecret! }
  const shown = challengeSiteKey === null ? null : { siteKey: challengeSiteKey, script: challengeScript }
  const protect = createBotProtection({
    clock: authority.deps.clock,
    signInLimit,
    challenge,
    verifyTestingToken: authority.frontend.verifyTestingToken,
  })
  const page = createPage(readPage(), authority.deps.frontendOriginOf, shown)
  const assets = createAssets(readClerkJs())
  return createFrontendHandler(authority, { publishedKeys, observe, protect, assets, page })
}

/** Whoever says how browsers are to be answered means that they are. */
function requireNothingElse(config: Config): void {
  const names = ['frontendCertificate', 'frontendKey', 'challengeVerifyUrl', 'challengeSiteKey'] as const
  const given = names.find((name) => config[name] !== null)
  if (given !== undefined) throw new ConfigError(`${given} is for the frontend, which needs frontendPort.`)
}

/** A challenge that nobody can verify, or that is never shown, would let nobody in. */
function requireWholeChallenge({
  challengeVerifyUrl,
  challengeSecret,
  challengeSiteKey,
}: Pick<Config, 'challengeVerifyUrl' | 'challengeSecret' | 'challengeSiteKey'>): void {
  const given = [challengeVerifyUrl, challengeSecret, challengeSiteKey].filter((each) => each !== null)
  if (given.length === 0 || given.length === 3) return
  throw new ConfigError(
    'challengeVerifyUrl, challengeSecret and challengeSiteKey go together: give all, or none for no challenge.',
  )
}
