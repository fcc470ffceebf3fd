/** How use cases reach storage. Each names the ports it needs; an adapter offers them all. */

/** A group of ports: those of one storage, or the few that one use case needs. */
export interface Reads<Readers> {
  /** What is committed. Never shows half of a transaction. */
  readonly read: Readers
}

export interface Transactions<Stores> {
  /**
   * Runs work as one transaction: all of it is durable once the promise is fulfilled, none of it if the
   * promise is rejected. Work awaits nothing but the stores it is given, and may run more than once
   * where the database asks for that, so it must not act on anything else.
   *
   * @throws {AuthorityError} `service_unavailable` if the store could not commit, and what `work` threw.
   */
  transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>
}
