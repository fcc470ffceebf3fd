/** Forgets remembered answers whose time is over: what nobody can get any more need not lie in a file. */
import { ANSWERS_KEPT, type IdempotentAnswerStore } from '../core/idempotent-answers.ts'
import type { Transactions } from '../core/stores.ts'
import { millis, systemClock, type Millis } from '../core/time.ts'

export interface AnswerSweeper {
  /** Forgets all that are over, a batch at a time. */
  sweep(now: Millis): Promise<void>
  /** Begins no other batch. */
  stop(): void
}

const INTERVAL_MS = 60_000
/** As many as one transaction forgets: more would hold requests up. */
const BATCH = 1_000

/** Sweeps once a minute until it is stopped. */
export function startAnswerSweeper({
  transaction,
}: Transactions<{ idempotentAnswers: IdempotentAnswerStore }>): AnswerSweeper {
  let stopped = false

  async function sweep(now: Millis): Promise<void> {
    const until = millis(now - ANSWERS_KEPT * 1000)
    let swept = BATCH
    while (swept === BATCH && !stopped) {
      swept = await transaction(({ idempotentAnswers }) => idempotentAnswers.sweep(until, BATCH))
    }
  }

  // What cannot be forgotten now is forgotten later; that the store fails is told by the requests that need it.
  const timer = setInterval(() => void sweep(systemClock.now()).catch(() => {}), INTERVAL_MS).unref()
  return {
    sweep,
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
