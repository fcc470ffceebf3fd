/** A user with something in every field, signed in at a browser, and what clerk-js is told of that. */
import { expect } from 'vitest'
import { PATTERNS } from '../support.ts'
import {
  backendOf,
  expectTold,
  startSite,
  visitorOf,
  type SiteOptions,
  type VisitorOptions,
} from './support.ts'

/** Of a user's private metadata: a page never sees it. */
export const PRIVATE = 'PRIVATE'

export async function startScene(options: SiteOptions = {}) {
  const site = await startSite(options)
  const backend = backendOf(site)
  const userId = await backend.user({
    first_name: 'Ada',
    last_name: 'Lovelace',
    username: 'ada',
    email_address: ['ada@example.com'],
    public_metadata: { plan: 'pro' },
    private_metadata: { 'credit limit': PRIVATE },
    unsafe_metadata: { theme: 'dark' },
  })
  const now = () => site.t.clock.now()

  async function begin(ticket: string, visiting: VisitorOptions) {
    const visitor = visitorOf(site, visiting)
    const told = expectTold(await visitor.signIn(ticket))
    return { visitor, told, id: told.response.created_session_id as string }
  }

  /** A session as a page sees it, in which Ada is signed in. */
  const session = (id: string, more: object = {}) => ({
    object: 'session',
    id,
    status: 'active',
    expire_at: now() + 604_800_000,
    abandon_at: now() + 604_800_000,
    last_active_at: now(),
    last_active_organization_id: null,
    last_active_token: { object: 'token', jwt: expect.stringMatching(PATTERNS.jwt) },
    actor: null,
    factor_verification_age: [0, -1],
    tasks: null,
    user: expect.objectContaining({
      id: userId,
      object: 'user',
      first_name: 'Ada',
      username: 'ada',
      public_metadata: { plan: 'pro' },
      unsafe_metadata: { theme: 'dark' },
      organization_memberships: [],
    }),
    public_user_data: {
      first_name: 'Ada',
      last_name: 'Lovelace',
      image_url: '',
      has_image: false,
      identifier: 'ada@example.com',
      user_id: userId,
    },
    created_at: now(),
    updated_at: now(),
    ...more,
  })

  return {
    site,
    backend,
    userId,
    now,
    session,
    /** In a session of the user's own. */
    signedIn: async (visiting: VisitorOptions = {}, user = userId) =>
      begin((await backend.signInToken(user)).token, visiting),
    /** In a session in which somebody else acts. */
    acting: async (more: object = {}, visiting: VisitorOptions = {}) =>
      begin((await backend.actorToken(userId, more)).token, visiting),
    client: (...sessions: readonly { readonly id: string }[]) => ({
      object: 'client',
      id: expect.stringMatching(PATTERNS.browser),
      sessions,
      sign_in: null,
      sign_up: null,
      last_active_session_id: sessions.at(-1)?.id ?? null,
      last_authentication_strategy: null,
      cookie_expires_at: null,
      captcha_bypass: false,
      created_at: now(),
      updated_at: now(),
    }),
  }
}

export type Scene = Awaited<ReturnType<typeof startScene>>
