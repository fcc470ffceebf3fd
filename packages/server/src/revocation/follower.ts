/**
 * Keeps a node's memory as fresh as the log. It reads the log at least as often as it is told to, at once when
 * it is woken, and before an answer if the last reading is older than the lease: so nothing is answered from a
 * memory that a revocation older than the lease has not reached.
 */
import type { Cursor } from './cursor.ts'
import type { LogPage } from './log.ts'

export interface FollowerOptions {
  readonly cursor: Cursor
  /** Rejected if the log cannot be read; then the memory may not be used once the lease is over. */
  readonly readAfter: (position: number) => Promise<LogPage>
  /** How old the last reading may be for an answer from memory, in milliseconds. */
  readonly leaseMs: number
  /** How long to wait between two readings, in milliseconds; less than the lease. */
  readonly pollMs: number
  readonly clock?: FollowerClock
}

export interface FollowerClock {
  /** Milliseconds that never go back. */
  monotonic(): number
  /** Milliseconds that go on while the machine sleeps. */
  wall(): number
}

export interface Follower {
  /** Whether the memory may be used now. */
  isFresh(): boolean
  /** Milliseconds since the beginning of the last reading. */
  age(): number
  /** Reads to the end of the log. Rejected if that is not possible within the lease. */
  refresh(): Promise<void>
  /** Something may have been written: reads soon. */
  wake(): void
  start(): void
  stop(): void
}

const systemClock: FollowerClock = { monotonic: () => performance.now(), wall: () => Date.now() }

export function createFollower({
  cursor,
  readAfter,
  leaseMs,
  pollMs,
  clock = systemClock,
}: FollowerOptions): Follower {
  let readAt = { monotonic: -Infinity, wall: -Infinity }
  let reading: Promise<void> | null = null
  let again = false
  let stopped = true
  let timer: NodeJS.Timeout | undefined

  /** A machine that slept has a monotonic clock that did not go on, and a clock on the wall that did. */
  const age = () => Math.max(clock.monotonic() - readAt.monotonic, clock.wall() - readAt.wall)

  async function readToEnd(): Promise<void> {
    for (;;) {
      // What is committed before this moment is in what is read now.
      const begun = { monotonic: clock.monotonic(), wall: clock.wall() }
      const from = cursor.at
      if (cursor.advance(await readAfter(from.position), from)) {
        readAt = begun
        return
      }
    }
  }

  function catchUp(): Promise<void> {
    reading ??= readToEnd().finally(() => (reading = null))
    return reading
  }

  function schedule(): void {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(poll, pollMs).unref()
  }

  function poll(): void {
    again = false
    // A failure shows as an age; the next attempt follows as ever.
    void catchUp()
      .catch(() => {})
      .then(() => (again && !stopped ? poll() : schedule()))
  }

  const isFresh = () => age() < leaseMs

  async function refresh(): Promise<void> {
    // The reading that is under way may have begun too long ago.
    await catchUp()
    if (!isFresh()) await catchUp()
    if (!isFresh()) throw new Error('Reading the revocation log takes longer than the lease.')
  }

  return {
    isFresh,
    age,
    refresh,
    wake() {
      if (stopped) return
      // What is being read may have been read before it was written.
      if (reading !== null) again = true
      else poll()
    },
    start() {
      stopped = false
      schedule()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
