/** What a storage does by itself from time to time: writes what was noted, and forgets what is over. */
import type { Transactions } from '../core/stores.ts'
import type { Millis } from '../core/time.ts'
import type { BufferedM2mTokenUses } from './sql/m2m-token-uses.ts'
import type { Stores } from './storage.ts'
import { startAnswerSweeper } from './sweep-answers.ts'

export interface Chores {
  flush(): Promise<void>
  sweep(now: Millis): Promise<void>
  /** Writes what was noted, if that is possible, and does nothing from then on. */
  end(): Promise<void>
}

/** How late a noted use is written at most is five seconds; a little less leaves time to write it. */
const FLUSH_INTERVAL_MS = 4_000

export function startChores({ transaction }: Transactions<Stores>, uses: BufferedM2mTokenUses): Chores {
  const sweeper = startAnswerSweeper({ transaction })
  const flush = () => uses.flush((batch) => transaction(({ m2mTokenUses }) => m2mTokenUses.write(batch)))
  // A batch that cannot be written stays noted; that the store fails is told by the requests that need it.
  const timer = setInterval(() => void flush().catch(() => {}), FLUSH_INTERVAL_MS).unref()
  return {
    flush,
    sweep: sweeper.sweep,
    async end() {
      clearInterval(timer)
      sweeper.stop()
      await flush().catch(() => {})
    },
  }
}
