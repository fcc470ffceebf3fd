/** What a storage does by itself from time to time: writes what was noted, and removes what is over. */
import type { Transactions } from '../core/stores.ts'
import type { Millis } from '../core/time.ts'
import type { BufferedM2mTokenUses } from './sql/tokens/m2m-token-uses.ts'
import type { Stores } from './storage.ts'
import { startSweeper, type SweeperOptions } from './sweep/sweeper.ts'

export interface Chores {
  flush(): Promise<void>
  sweep(now: Millis): Promise<void>
  /** Writes what was noted, if that is possible, and does nothing from then on. */
  end(): Promise<void>
}

export interface ChoreOptions
  extends Transactions<Stores>, Pick<SweeperOptions, 'tokenRetention' | 'keepMonths'> {
  readonly uses: BufferedM2mTokenUses
  /** As `transaction`, but without waiting for the disk: a crash may undo it. */
  readonly writeBehind: Transactions<Stores>['transaction']
}

/** How late a noted use is written at most is five seconds; a little less leaves time to write it. */
const FLUSH_INTERVAL_MS = 4_000

export function startChores({ uses, writeBehind, ...options }: ChoreOptions): Chores {
  const sweeper = startSweeper(options)
  const flush = () => uses.flush((batch) => writeBehind(({ m2mTokenUses }) => m2mTokenUses.write(batch)))
  // A batch that cannot be written stays noted; that the store fails is told by the requests that need it.
  const timer = setInterval(() => void flush().catch(() => {}), FLUSH_INTERVAL_MS).unref()
  return {
    flush,
    sweep: sweeper.sweep,
    async end() {
      clearInterval(timer)
      await sweeper.stop()
      await flush().catch(() => {})
    },
  }
}
