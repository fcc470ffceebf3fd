/**
 * The revocation log: what has changed of what nodes keep in memory, in the order of commits. A position is
 * taken from a locked row in the transaction that makes the change, so there are no gaps, and whoever has
 * read up to a position has missed nothing before it. The epoch names one history of the log: a database that
 * was restored begins another, and then nothing that was read of the one before counts.
 */

export interface LogHead {
  readonly epoch: string
  readonly position: number
}

/** One thing to forget. */
export interface LogEntry {
  readonly position: number
  /** The M2M token that changed; `null` for a machine, key or instance. */
  readonly m2mTokenId: string | null
}

/** The first entries after a position, and where the log ended when they were read. */
export interface LogPage {
  readonly head: LogHead
  readonly entries: readonly LogEntry[]
}

/** Whoever keeps something in memory. */
export interface Forgetful {
  forget(changed: { readonly directory: boolean; readonly m2mTokens: ReadonlySet<string> }): void
  clear(): void
}
