/**
 * Removes in the background what is over: remembered answers, entries of the revocation log, and tokens whose
 * time of keeping has passed. Always in small transactions with pauses between, so that no request waits.
 * It never removes what could still be valid, and what it removes is refused as before.
 */
import { ANSWERS_KEPT, type IdempotentAnswerStore } from '../../core/idempotent-answers.ts'
import type { Transactions } from '../../core/stores.ts'
import { millis, systemClock, type Millis } from '../../core/time.ts'
import { idAt, SWEPT_KINDS, type SweepStore } from './sweep-store.ts'

export interface SweeperOptions extends Transactions<{
  idempotentAnswers: IdempotentAnswerStore
  sweeping: SweepStore
}> {
  /** For how many days the record of a token is kept after it is over; `Infinity` for ever. */
  readonly tokenRetention: number
  /**
   * Keeps the partitions of M2M tokens, where there are any.
   *
   * @returns the id before which tokens have to be removed one by one
   */
  readonly keepMonths?: (now: Millis, until: Millis, signal: AbortSignal) => Promise<string>
}

export interface Sweeper {
  /** Removes all that is over, a batch at a time but without pauses, unless another process is at it. */
  sweep(now: Millis): Promise<void>
  /** Begins no other batch, and waits for the one under way. */
  stop(): Promise<void>
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** As many rows as one transaction removes of what has an index for it: more would hold requests up. */
const BATCH = 1_000
/** As many tokens as one transaction looks at. Removing that many takes some five milliseconds, as each has three indexes. */
const SLICE = 200
/** After a slice: long against what it took, but short enough that a million tokens are gone in an hour. */
const PAUSE_MS = { least: 50, most: 650, each: 10 }
/** Between the end of one walk and the beginning of the next. */
const BETWEEN_WALKS_MS = 60 * MINUTE_MS

/** A follower that is further behind than this clears its memory. */
const LOG_KEPT_MS = DAY_MS

/** How far a walk has come. */
interface Place {
  kind: number
  after: string
}

export function startSweeper(options: SweeperOptions): Sweeper {
  const { transaction, tokenRetention } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const atEnd = Number.isFinite(tokenRetention) ? walkForever(options, signal) : Promise.resolve()

  async function sweepShort(now: Millis): Promise<void> {
    const untils = { answers: millis(now - ANSWERS_KEPT * 1000), log: millis(now - LOG_KEPT_MS) }
    await inBatches(() =>
      transaction(({ idempotentAnswers }) => idempotentAnswers.sweep(untils.answers, BATCH)),
    )
    await inBatches(() =>
      transaction(async ({ sweeping }) =>
        (await sweeping.alone()) ? sweeping.revocationLog(untils.log, BATCH) : 0,
      ),
    )
  }

  async function inBatches(sweep: () => Promise<number>): Promise<void> {
    while (!signal.aborted && (await sweep()) === BATCH);
  }

  // What cannot be removed now is removed later; that the store fails is told by the requests that need it.
  const timer = setInterval(() => void sweepShort(systemClock.now()).catch(() => {}), MINUTE_MS).unref()
  return {
    async sweep(now) {
      await sweepShort(now)
      if (Number.isFinite(tokenRetention)) await walk(options, { now, signal, place: atBeginning() })
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await atEnd
    },
  }
}

async function walkForever(options: SweeperOptions, signal: AbortSignal): Promise<void> {
  // Nodes that were started together need not sweep together.
  await pause(MINUTE_MS * (1 + Math.random()), signal)
  let place = atBeginning()
  while (!signal.aborted) {
    try {
      await walk(options, { now: systemClock.now(), signal, place, paced: true })
      place = atBeginning()
      await pause(BETWEEN_WALKS_MS, signal)
    } catch {
      await pause(MINUTE_MS, signal)
    }
  }
}

interface Walk {
  readonly now: Millis
  readonly signal: AbortSignal
  /** Moved along, so that a walk that failed can be gone on with. */
  readonly place: Place
  readonly paced?: true
}

async function walk(
  { transaction, tokenRetention, keepMonths }: SweeperOptions,
  { now, signal, place, paced }: Walk,
): Promise<void> {
  const until = millis(now - tokenRetention * DAY_MS)
  const beforeM2m = (await keepMonths?.(now, until, signal)) ?? idAt('m2mTokens', until)
  while (place.kind < SWEPT_KINDS.length && !signal.aborted) {
    const kind = SWEPT_KINDS[place.kind]!
    const before = kind === 'm2mTokens' ? beforeM2m : idAt(kind, until)
    const slice = { kind, after: place.after, before, until, limit: SLICE }
    const begun = performance.now()
    const last = await transaction(async ({ sweeping }) =>
      (await sweeping.alone()) ? sweeping.slice(slice) : undefined,
    )
    // Another node is at it, and goes on.
    if (last === undefined) return
    if (last === null) place.kind++
    place.after = last ?? ''
    const wanted = PAUSE_MS.each * (performance.now() - begun)
    if (paced) await pause(Math.max(PAUSE_MS.least, Math.min(PAUSE_MS.most, wanted)), signal)
  }
}

const atBeginning = (): Place => ({ kind: 0, after: '' })

/** Ends early when it is aborted, and keeps no process alive. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds).unref()
    signal.addEventListener('abort', end)
  })
}
