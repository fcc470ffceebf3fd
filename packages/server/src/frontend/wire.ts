/**
 * What clerk-js is told (wire reference, "Frontend API"): all instants in milliseconds. It asks for every field of
 * these; what this authority does not keep is sent as "none".
 */
import type { Browser } from '../directory/browsers/browser.ts'
import { abandonedAt, stateOf, type Session } from '../directory/sessions/session.ts'
import { toUserResource } from '../directory/users/user-resource.ts'
import type { User } from '../directory/users/user.ts'
import type { Millis } from '../core/time.ts'

export interface SessionView {
  readonly session: Session
  /** `null` where the application keeps its users itself. */
  readonly user: User | null
  /** `null` for a session that is over, and where the page has to ask for it. */
  readonly jwt: string | null
  readonly now: Millis
}

export function toFrontendSession({ session, user, jwt, now }: SessionView) {
  return {
    object: 'session',
    id: session.id,
    status: stateOf(session, now),
    expire_at: session.expiresAt,
    abandon_at: Math.min(abandonedAt(session), session.expiresAt),
    last_active_at: session.lastActiveAt,
    last_active_organization_id: null,
    last_active_token: jwt === null ? null : { object: 'token', jwt },
    actor: session.actor,
    factor_verification_age: [Math.floor((now - session.createdAt) / 60_000), -1],
    tasks: null,
    user: toFrontendUser(session, user),
    public_user_data: publicDataOf(session, user),
    created_at: session.createdAt,
    updated_at: session.updatedAt,
  }
}

/** Private metadata is for the application's server; a page never sees it. */
function toFrontendUser(session: Session, user: User | null) {
  const { private_metadata: _, ...shown } = toUserResource(user ?? unknownUserOf(session))
  return { ...shown, organization_memberships: [] }
}

const unknownUserOf = ({ userId, instanceId, createdAt }: Session): User => ({
  id: userId,
  instanceId,
  externalId: null,
  username: null,
  firstName: null,
  lastName: null,
  emailAddresses: [],
  phoneNumbers: [],
  metadata: { public: {}, private: {}, unsafe: {} },
  createdAt,
  updatedAt: createdAt,
})

const identifierOf = (user: User | null): string =>
  user?.emailAddresses[0]?.value ?? user?.username ?? user?.phoneNumbers[0]?.value ?? ''

const publicDataOf = ({ userId }: Session, user: User | null) => ({
  first_name: user?.firstName ?? null,
  last_name: user?.lastName ?? null,
  image_url: '',
  has_image: false,
  identifier: identifierOf(user),
  user_id: userId,
})

/** A browser. No challenge is ever asked of it by the wire's own means, so none is passed over. */
export const toClientResource = (
  browser: Browser,
  sessions: readonly ReturnType<typeof toFrontendSession>[],
) => ({
  object: 'client',
  id: browser.id,
  sessions,
  sign_in: null,
  sign_up: null,
  last_active_session_id: sessions.at(-1)?.id ?? null,
  last_authentication_strategy: null,
  cookie_expires_at: null,
  captcha_bypass: false,
  created_at: browser.createdAt,
  updated_at: browser.updatedAt,
})

/** A sign-in that a ticket has completed. */
export const toSignIn = (session: Session, user: User | null) => ({
  object: 'sign_in_attempt',
  id: session.id.replace('sess_', 'sia_'),
  status: 'complete',
  supported_identifiers: [],
  supported_first_factors: [{ strategy: 'ticket' }],
  supported_second_factors: [],
  first_factor_verification: {
    object: 'verification_ticket',
    status: 'verified',
    strategy: 'ticket',
    attempts: null,
    expire_at: null,
  },
  second_factor_verification: null,
  identifier: identifierOf(user) || null,
  user_data: {
    first_name: user?.firstName ?? null,
    last_name: user?.lastName ?? null,
    image_url: '',
    has_image: false,
  },
  created_session_id: session.id,
  abandon_at: session.createdAt,
})

/** What clerk-js is to know of an instance; for all else it has defaults of its own. */
export const toEnvironment = (
  instance: { readonly environment: 'test' | 'live'; readonly name: string; readonly homeUrl: string | null },
  pages: { readonly signIn: string; readonly challengeSiteKey: string | null },
) => ({
  auth_config: { object: 'auth_config', id: 'aconf', single_session_mode: true },
  display_config: {
    object: 'display_config',
    id: 'display_config',
    instance_environment_type: instance.environment === 'live' ? 'production' : 'development',
    application_name: instance.name,
    branded: false,
    home_url: instance.homeUrl ?? '',
    sign_in_url: pages.signIn,
    after_sign_in_url: instance.homeUrl ?? '',
    after_sign_out_all_url: pages.signIn,
    captcha_public_key: pages.challengeSiteKey,
    captcha_widget_type: pages.challengeSiteKey === null ? null : 'smart',
    captcha_provider: 'turnstile',
    preferred_sign_in_strategy: 'password',
  },
  maintenance_mode: false,
})
