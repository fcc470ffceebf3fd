/**
 * What a transaction has changed of what is kept in memory: told to this process's caches when it is
 * committed, and to other processes by the revocation log.
 */
export interface Changes {
  /** A machine, key or instance: few, and changed seldom. */
  directory(): void
  m2mToken(id: string): void
}

export interface ChangeSet {
  readonly directory: boolean
  readonly m2mTokens: ReadonlySet<string>
}

export interface CollectedChanges extends Changes {
  add(changed: ChangeSet): void
  /** What was collected since it was taken last. */
  take(): ChangeSet
}

export function collectChanges(): CollectedChanges {
  let directory = false
  let m2mTokens = new Set<string>()
  return {
    directory: () => void (directory = true),
    m2mToken: (id) => void m2mTokens.add(id),
    add(changed) {
      directory ||= changed.directory
      for (const id of changed.m2mTokens) m2mTokens.add(id)
    },
    take() {
      const taken = { directory, m2mTokens }
      directory = false
      if (m2mTokens.size > 0) m2mTokens = new Set()
      return taken
    },
  }
}

export const isEmpty = ({ directory, m2mTokens }: ChangeSet): boolean => !directory && m2mTokens.size === 0
