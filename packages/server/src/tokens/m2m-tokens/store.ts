import type { InstanceId, KeyId, M2mTokenId, MachineId } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import type { MacKeyId } from '../../core/secrets/master-key.ts'
import type { Millis } from '../../core/time.ts'
import type { M2mToken, M2mTokenFormat } from './m2m-token.ts'

export interface M2mTokenQuery {
  readonly subject: MachineId
  readonly format: M2mTokenFormat
  /** Revoked tokens too. */
  readonly revoked: boolean
  /** Expired tokens too. */
  readonly expired: boolean
  readonly now: Millis
  readonly notBefore: NotBefore
  readonly limit: number
  readonly offset: number
}

/** Until when what was issued is revoked, all of it. */
export interface NotBefore {
  readonly everything: Millis | null
  /** What each of these keys signed. */
  readonly byKey: ReadonlyMap<KeyId, Millis>
}

/** Tokens that are good and were issued until an instant. */
export interface IssuedUntil {
  readonly until: Millis
  readonly now: Millis
  /** Only of that machine. */
  readonly subject: MachineId | null
  /** Only signed by that key. */
  readonly signingKeyId: KeyId | null
}

/** What a token must have in common with a request to be given out again. */
export interface PoolQuery {
  readonly subject: MachineId
  /** Compared by value: the order of names does not count, and `null` is the same as none. */
  readonly claims: Json
  /** Compared as a set. */
  readonly scopes: readonly MachineId[]
  /** Made under this master key: secrets of an older one are not handed out again. */
  readonly macKeyId: MacKeyId
  /** It must be good until then at least; a token that never expires always is. */
  readonly goodUntil: Millis
  /** It must have been issued later than that. */
  readonly issuedAfter: Millis | null
}

export interface M2mTokenReader {
  /** `null` if the instance has no such token. Revoked and expired ones are found. */
  find(instanceId: InstanceId, id: M2mTokenId): Promise<M2mToken | null>
  /** Newest first. */
  list(
    instanceId: InstanceId,
    query: M2mTokenQuery,
  ): Promise<{ tokens: readonly M2mToken[]; totalCount: number }>
  /**
   * Looks at some tokens after an id, in the order of ids.
   *
   * @returns how many of them are meant, and the last id; `null` at the end
   */
  count(
    instanceId: InstanceId,
    query: IssuedUntil,
    after: M2mTokenId | null,
  ): Promise<{ readonly count: number; readonly last: M2mTokenId | null }>
}

/** What M2M tokens ask of storage. An adapter is correct when it passes the conformance suite. */
export interface M2mTokenStore extends M2mTokenReader {
  insert(token: M2mToken): Promise<void>
  /** The opaque, unrevoked match with the longest life left. `null` if there is none. */
  findPooled(instanceId: InstanceId, query: PoolQuery): Promise<M2mToken | null>
  /** The first revocation stays: a second changes neither its time nor its reason. `null` if there is no such token. */
  revoke(instanceId: InstanceId, id: M2mTokenId, at: Millis, reason: string | null): Promise<M2mToken | null>
}

/** When tokens were last used; kept apart from the tokens, because it changes with every verification. */
export interface M2mTokenUses {
  /** Costs no I/O. What is not yet written is lost in a crash. */
  note(id: M2mTokenId, at: Millis): void
  /** The newest use of each that has one, written or not. */
  lastUsedAt(ids: readonly M2mTokenId[]): Promise<ReadonlyMap<M2mTokenId, Millis>>
}
