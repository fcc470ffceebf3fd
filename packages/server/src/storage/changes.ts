/** What a transaction has changed, for the caches: told to them when it ends, whichever way. */
export interface Changes {
  /** A machine, key or instance: few, and changed seldom. */
  directory(): void
  m2mToken(id: string): void
}
