import { eventOf, type AuditLog } from '../../audit/audit-event.ts'
import type { Call } from '../../core/caller.ts'
import { AuthorityError } from '../../core/errors.ts'
import { browserId, type IdSource, type SessionId } from '../../core/ids.ts'
import type { KeyRing } from '../../core/secrets/master-key.ts'
import { after, type Clock, type Millis, type Seconds } from '../../core/time.ts'
import type { Browser } from '../browsers/browser.ts'
import type { BrowserStore } from '../browsers/store.ts'
import { describe, IMPERSONATION_INACTIVITY, SESSION_LIFETIME, stateOf, type Session } from './session.ts'
import type { SessionStore } from './store.ts'

/** What every transaction has that begins a session. */
export interface BeginningStores {
  readonly browsers: BrowserStore
  readonly sessions: SessionStore
  readonly audit: AuditLog
}

export interface BeginSessionDeps {
  readonly clock: Clock
  readonly ids: IdSource
  readonly ring: KeyRing
}

export interface NewSession extends Pick<Session, 'userId' | 'actor' | 'actorTokenId'> {
  /** `null` for as long as a user's own sessions last. */
  readonly maxDuration: Seconds | null
}

/**
 * Where a session is to begin. It is a new one each time, with a cookie that nobody can have known before: who has put
 * his own cookie into somebody's browser does not find that person's session behind it.
 */
export interface Asking {
  readonly browser: Browser
  /** The one that asks, which the new one takes the place of; `null` if it has no cookie, or none that is known. */
  readonly previous: Browser | null
}

export const newBrowser = ({ ids, ring }: BeginSessionDeps, call: Call, now: Millis): Browser => ({
  id: browserId(ids.uuid()),
  instanceId: call.caller.instanceId,
  macKeyId: ring.currentId,
  createdAt: now,
  updatedAt: now,
})

/**
 * Says whether a session may begin at a browser, and has nobody else begin one there meanwhile.
 *
 * @returns the sessions that are open there
 * @throws {AuthorityError} `session_creation_not_allowed` where somebody acts as a user already; `session_exists`
 *   where somebody is signed in, unless the new session is an impersonation: that replaces what is there
 */
export async function requireRoom(
  { browsers, sessions }: Pick<BeginningStores, 'browsers' | 'sessions'>,
  { previous }: Asking,
  isImpersonation: boolean,
  now: Millis,
): Promise<readonly Session[]> {
  if (previous === null) return []
  const { instanceId, id } = previous
  // Of two that begin at once in one browser, the second finds it gone.
  if (!(await browsers.delete(instanceId, id))) throw new AuthorityError('session_creation_not_allowed')
  const open = await sessions.openIn(instanceId, id)
  const good = open.filter((session) => stateOf(session, now) === 'active')
  if (good.some(({ actor }) => actor !== null)) throw new AuthorityError('session_creation_not_allowed')
  if (good.length > 0 && !isImpersonation) throw new AuthorityError('session_exists')
  return open
}

interface Beginning {
  readonly asking: Asking
  readonly asked: NewSession
  /** What `requireRoom` has found there. */
  readonly open: readonly Session[]
  readonly now: Millis
}

/** Begins a session, and ends those that were open. The caller has made room for it in the same transaction. */
export async function beginSession(
  { ids }: Pick<BeginSessionDeps, 'ids'>,
  { browsers, sessions, audit }: BeginningStores,
  call: Call,
  { asking: { browser }, asked, open, now }: Beginning,
): Promise<Session> {
  const { maxDuration, ...subject } = asked
  const session: Session = {
    ...subject,
    id: ids.next<SessionId>('sess'),
    instanceId: browser.instanceId,
    browserId: browser.id,
    status: 'active',
    address: call.address,
    inactivityTimeout: asked.actor === null ? SESSION_LIFETIME : IMPERSONATION_INACTIVITY,
    lastActiveAt: now,
    expiresAt: after(now, maxDuration ?? SESSION_LIFETIME),
    createdAt: now,
    updatedAt: now,
  }
  await browsers.insert(browser)
  for (const { id } of open) {
    const ended = await sessions.end(browser.instanceId, id, 'replaced', now)
    if (ended === null) continue
    const why = `${describe(ended)}; replaced by ${session.id}`
    await audit.record(eventOf(call, now, 'session.end', id, why))
  }
  await sessions.insert(session)
  await audit.record(eventOf(call, now, 'session.create', session.id, describe(session)))
  return session
}
