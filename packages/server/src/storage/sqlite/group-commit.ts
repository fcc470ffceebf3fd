/**
 * Group commit: transactions that are asked for within a few turns of the event loop run one after the
 * other inside one database transaction, and are acknowledged together once that has reached the disk. One
 * fsync then serves them all, and what a crash may undo has none: it would hold up every request for what
 * nobody waits for.
 *
 * One of them that fails is undone alone. That takes a savepoint around each, which nearly all pay for
 * nothing; so there is none until one has failed after it had written, and then all are run again. Where one may not
 * be run twice, all have one from the start.
 */
import { AuthorityError, unavailable } from '../../core/errors.ts'
import type { SqliteConnection } from './connection.ts'

export interface GroupCommitOptions {
  /** Called when a group is begun anew: what its work has done until then is undone. */
  readonly onRestart?: () => void
  /** Called when all work of a group is done, to write what belongs to it as a whole. */
  readonly beforeCommit?: () => void
  /** Called when a group has ended, before anyone is told. */
  readonly onEnd: (committed: boolean) => void
  /** Called once, if the disk failed in a way after which no commit can be trusted. */
  readonly onFatal: (error: Error) => void
}

export interface WorkOptions {
  /** False for what a crash may undo: then it is acknowledged before it has reached the disk. */
  readonly durable?: boolean
  /** It may not be run a second time. */
  readonly once?: boolean
}

export interface GroupCommit {
  run<T>(work: () => Promise<T>, options?: WorkOptions): Promise<T>
  /** @throws {AuthorityError} `service_unavailable` if it takes no work any more */
  check(): void
  /** Fulfilled when everything asked for until now is committed or refused. */
  drained(): Promise<void>
}

interface Job {
  readonly work: () => Promise<unknown>
  readonly durable: boolean
  readonly once: boolean
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A steady stream of requests must not keep those from the disk that have come first. */
const MOST_TURNS = 4

/** Past this many waiting, more are turned away: a caller that waits longer has given up. */
const MOST_WAITING = 10_000

export function createGroupCommit(
  connection: SqliteConnection,
  { onRestart, beforeCommit, onEnd, onFatal }: GroupCommitOptions,
): GroupCommit {
  let waiting: Job[] = []
  let running: Promise<void> | null = null
  let failure: Error | null = null
  let synced = true

  async function runGroups(): Promise<void> {
    while (waiting.length > 0) {
      await gather()
      const jobs = waiting
      waiting = []
      await runGroup(jobs)
    }
    running = null
  }

  /** Requests that are there already get here within a turn or two, and then share what a sync costs. One alone is not kept waiting. */
  async function gather(): Promise<void> {
    for (let turn = 0, before = 0; turn < MOST_TURNS && waiting.length > before; turn++) {
      before = waiting.length
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** The next commit that is synced brings to the disk what those before it have left: the log is one file. */
  function syncCommits(wanted: boolean): void {
    if (wanted === synced) return
    connection.exec(`pragma synchronous = ${wanted ? 'full' : 'normal'}`)
    synced = wanted
  }

  async function runGroup(jobs: readonly Job[]): Promise<void> {
    let outcomes: Outcome[]
    try {
      if (failure !== null) throw failure
      syncCommits(jobs.some(({ durable }) => durable))
      connection.runNow('begin immediate')
      outcomes = jobs.some(({ once }) => once) ? await runInSavepoints(jobs) : await runPlainly(jobs)
      beforeCommit?.()
      connection.runNow('commit')
    } catch (error) {
      abandon(error)
      onEnd(false)
      for (const { reject } of jobs) reject(error instanceof AuthorityError ? error : unavailable(error))
      return
    }
    onEnd(true)
    jobs.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index]!
      if ('error' in outcome) reject(outcome.error)
      else resolve(outcome.value as never)
    })
  }

  /** @throws if the whole transaction is gone, so that nothing of the group can be committed */
  async function runPlainly(jobs: readonly Job[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const { work } of jobs) {
      const { writes } = connection
      try {
        outcomes.push({ value: await work() })
        // Work may have made nothing of an error after which SQLite has rolled everything back by itself.
        if (!connection.inTransaction) throw unavailable(new Error('The transaction was rolled back.'))
      } catch (error) {
        if (!connection.inTransaction) throw error
        if (connection.writes !== writes) return runAgain(jobs)
        outcomes.push({ error })
      }
    }
    return outcomes
  }

  async function runAgain(jobs: readonly Job[]): Promise<Outcome[]> {
    connection.runNow('rollback')
    onRestart?.()
    connection.runNow('begin immediate')
    return runInSavepoints(jobs)
  }

  async function runInSavepoints(jobs: readonly Job[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const { work } of jobs) outcomes.push(await runInSavepoint(work))
    return outcomes
  }

  async function runInSavepoint(work: Job['work']): Promise<Outcome> {
    connection.runNow('savepoint job')
    try {
      const value = await work()
      connection.runNow('release job')
      return { value }
    } catch (error) {
      // On a full disk and the like, SQLite has rolled everything back by itself.
      if (!connection.inTransaction) throw error
      connection.runNow('rollback to job')
      connection.runNow('release job')
      return { error }
    }
  }

  function abandon(error: unknown): void {
    try {
      if (connection.inTransaction) connection.runNow('rollback')
    } catch {
      // The first error says more.
    }
    if (failure === null && isFailedSync(error)) {
      failure = error as Error
      onFatal(failure)
    }
  }

  return {
    run(work, { durable = true, once = false } = {}) {
      if (waiting.length >= MOST_WAITING) {
        return Promise.reject(new AuthorityError('too_many_requests', { retryAfter: 1 }))
      }
      return new Promise((resolve, reject) => {
        waiting.push({ work, durable, once, resolve, reject })
        running ??= runGroups()
      })
    },
    check() {
      if (failure !== null) throw unavailable(failure)
    },
    async drained() {
      while (running !== null) await running
    },
  }
}

/** SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC: what the page cache calls written may not be on the disk. */
const FAILED_SYNC = [1034, 1290]

const isFailedSync = (error: unknown): boolean =>
  error instanceof AuthorityError &&
  FAILED_SYNC.includes(Number((error.cause as { errcode?: number } | undefined)?.errcode))
