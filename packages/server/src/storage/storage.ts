/** All the ports of one storage. A use case never takes this: it names the few that it needs. */
import type { AuditLog, AuditReader } from '../audit/audit-event.ts'
import type { IdempotentAnswerReader, IdempotentAnswerStore } from '../core/idempotent-answers.ts'
import type { Reads, Transactions } from '../core/stores.ts'
import type { Millis } from '../core/time.ts'
import type { BrowserReader, BrowserStore } from '../directory/browsers/store.ts'
import type { InstanceReader, InstanceStore } from '../directory/instances/store.ts'
import type { MachineReader, MachineStore } from '../directory/machines/store.ts'
import type { SessionReader, SessionStore } from '../directory/sessions/store.ts'
import type { UserReader, UserStore } from '../directory/users/store.ts'
import type { LogHead } from '../revocation/log.ts'
import type { SigningKeyReader, SigningKeyStore } from '../signing/store.ts'
import type { ActorTokenReader, ActorTokenStore } from '../tokens/actor-tokens/store.ts'
import type { M2mTokenReader, M2mTokenStore, M2mTokenUses } from '../tokens/m2m-tokens/store.ts'
import type { SignInTokenReader, SignInTokenStore } from '../tokens/sign-in-tokens/store.ts'
import type { TestingTokenReader, TestingTokenStore } from '../tokens/testing-tokens/store.ts'
import type { M2mTokenUseStore } from './sql/tokens/m2m-token-uses.ts'
import type { SweepStore } from './sweep/sweep-store.ts'

/** Which master keys have been used with this database, by number: never the keys themselves. */
export interface MasterKeyReader {
  list(): Promise<readonly { readonly id: number; readonly fingerprint: string }[]>
}

export interface MasterKeyStore extends MasterKeyReader {
  /** False, having written nothing, if there is one of that number. */
  insert(key: {
    readonly id: number
    readonly fingerprint: string
    readonly createdAt: Millis
  }): Promise<boolean>
}

export interface Readers {
  readonly masterKeys: MasterKeyReader
  readonly instances: InstanceReader
  readonly signingKeys: SigningKeyReader
  readonly machines: MachineReader
  readonly users: UserReader
  readonly browsers: BrowserReader
  readonly sessions: SessionReader
  readonly m2mTokens: M2mTokenReader
  readonly actorTokens: ActorTokenReader
  readonly signInTokens: SignInTokenReader
  readonly testingTokens: TestingTokenReader
  readonly idempotentAnswers: IdempotentAnswerReader
  readonly audit: AuditReader
}

export interface Stores {
  readonly masterKeys: MasterKeyStore
  readonly instances: InstanceStore
  readonly signingKeys: SigningKeyStore
  readonly machines: MachineStore
  readonly users: UserStore
  readonly browsers: BrowserStore
  readonly sessions: SessionStore
  readonly m2mTokens: M2mTokenStore
  readonly m2mTokenUses: M2mTokenUseStore
  readonly actorTokens: ActorTokenStore
  readonly signInTokens: SignInTokenStore
  readonly testingTokens: TestingTokenStore
  readonly idempotentAnswers: IdempotentAnswerStore
  readonly sweeping: SweepStore
  readonly audit: AuditLog
}

export interface StorageGauges {
  /** How old the last look at the log is, in milliseconds. */
  readonly logAgeMs: number
  /** Connections for transactions, and who waits for one. */
  readonly connections: Readonly<Record<'used' | 'idle' | 'waiting', number>>
}

/** How a storage that is well is doing. */
export interface StorageHealth {
  readonly log: LogHead
  /** How old the last look at the log is, in milliseconds; nothing for one machine. */
  readonly logAgeMs: number
}

export interface Atomically<AllStores> {
  /**
   * Runs work so that the transactions it asks for and what `finish` writes of its outcome are one: all of
   * it is durable, or nothing if any of it was rejected. Reads show none of it before its end. From its first
   * transaction on, nobody else can write until it ends: so it awaits reads and transactions only.
   *
   * @throws {AuthorityError} `service_unavailable`, and what `work` or `finish` threw
   */
  atomically<T>(
    work: () => Promise<T>,
    finish: (outcome: T, stores: AllStores) => Promise<unknown>,
  ): Promise<T>
}

export interface Storage extends Reads<Readers>, Transactions<Stores>, Atomically<Stores> {
  readonly m2mTokenUses: M2mTokenUses
  /**
   * Called once for each request; what this process commits is seen without it. From here on, reads show
   * what other processes have committed. On one machine that is everything before this call, or before the
   * first one of the same run of synchronous code; on several, everything that is older than the lease. A
   * promise if that has to be asked for first.
   *
   * @throws {AuthorityError} `service_unavailable` if it cannot be known
   */
  catchUp(): void | Promise<void>
  /**
   * Fulfilled when what reads have shown until now survives whatever happens to one server. A commit shows
   * before its standby has it, so who acknowledges by reading waits for this first.
   *
   * @throws {AuthorityError} `service_unavailable`
   */
  confirm(): Promise<void>
  /** How far into the revocation log what is in memory is known to be right. */
  logPosition(): LogHead
  /** What an operator watches; absent for one machine. */
  gauges?(): StorageGauges
  /** @throws {AuthorityError} `service_unavailable` if it could not answer a read or take a write */
  check(): Promise<StorageHealth>
  /**
   * Removes what has been over for long enough: remembered answers, tokens, entries of the revocation log. It is
   * done in the background without this, too.
   */
  sweep(now: Millis): Promise<void>
  /** Writes what was noted and not yet written. */
  flush(): Promise<void>
  /** Finishes what was asked for, writes what was noted, and lets go of the files. */
  close(): Promise<void>
}
