import type { ActorTokenId, BrowserId, InstanceId, SessionId, UserId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { Session, SessionEnd, SessionState } from './session.ts'

export interface SessionQuery {
  readonly browserId: BrowserId | null
  readonly userId: UserId | null
  /** As of `now`. */
  readonly state: SessionState | null
  readonly now: Millis
}

export interface SessionReader {
  /** `null` if the instance has no such session, whatever has become of it. */
  find(instanceId: InstanceId, id: SessionId): Promise<Session | null>
  /** Newest first. */
  list(
    instanceId: InstanceId,
    query: SessionQuery,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly sessions: readonly Session[]; readonly totalCount: number }>
  /** Those of a browser that nobody has ended, oldest first; time may have ended some. */
  openIn(instanceId: InstanceId, browserId: BrowserId): Promise<readonly Session[]>
  /** Which sessions these actor tokens opened. */
  openedBy(instanceId: InstanceId, ids: readonly ActorTokenId[]): Promise<readonly Session[]>
}

/** What sessions ask of storage. An adapter is correct when it passes the conformance suite. */
export interface SessionStore extends SessionReader {
  insert(session: Session): Promise<void>
  /** From active to an end. `null` if somebody has ended it already; then nothing has changed. */
  end(instanceId: InstanceId, id: SessionId, how: SessionEnd, at: Millis): Promise<Session | null>
  /** @returns how many had not been ended yet */
  endAllOf(instanceId: InstanceId, userId: UserId, how: SessionEnd, at: Millis): Promise<number>
  /** Notes activity, unless a later one is noted, if nobody has ended it. False if somebody has. */
  touch(instanceId: InstanceId, id: SessionId, at: Millis): Promise<boolean>
}
